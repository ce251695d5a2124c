"""What keeps people safe from data: redaction, escaping, confinement."""
