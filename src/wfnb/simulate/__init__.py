"""Simulation: the real machine over stubs, so that a definition runs without any effect (pipeline specification, 4.19)."""
