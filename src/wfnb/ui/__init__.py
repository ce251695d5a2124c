"""Widgets: adapters with typed messages and no logic; their front end is built from ``js/``."""
