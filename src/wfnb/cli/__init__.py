"""The command line: thin, over the same workspace as everything else."""
