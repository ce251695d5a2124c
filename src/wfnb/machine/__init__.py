"""The pure machine: commands in, events out, state by applying events. No I/O, no clock, no randomness."""
