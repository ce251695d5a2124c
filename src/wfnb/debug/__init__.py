"""The debugger as pure data: a run as a film, and a cursor on it. Knows no store, no engine and no widget."""
