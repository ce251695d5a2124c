"""``python -m wfnb``: the same as the command ``wfnb``."""

from __future__ import annotations

from wfnb.cli.main import main

main()
