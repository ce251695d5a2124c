"""The rules: one module each, one function `check` that gives findings about a source."""
