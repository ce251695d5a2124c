"""Backtests: the runs of a workflow replayed against another version of it, one by one or by the hundred thousand."""
