"""Resync: files of workflows are read anew, and the definitions follow them, without a restart."""
