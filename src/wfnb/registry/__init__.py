"""What a workspace knows by name: actions, node types, payload schemas."""
