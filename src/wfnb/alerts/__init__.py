"""Alerts: rules over what the history counts, and webhooks that are told when one of them fires."""
