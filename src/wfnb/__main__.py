"""``python -m wfnb``: the same as the command ``wfnb``."""

from __future__ import annotations

import sys

if not sys.flags.safe_path:
    del sys.path[0]  # the current folder: what happens to lie in it is not to be imported

from wfnb.cli.main import main

main()
