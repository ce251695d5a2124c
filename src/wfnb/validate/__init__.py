"""From what was written to what may run: findings, and the linked program."""
