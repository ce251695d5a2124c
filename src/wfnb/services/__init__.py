"""What happens around the engine: publishing definitions, starting runs."""
