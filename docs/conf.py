"""How the documentation is built: `make docs`."""

from __future__ import annotations

import wfnb

project = "wfnb"
author = "the wfnb contributors"
copyright = "2026, the wfnb contributors"
version = release = wfnb.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
exclude_patterns = ["build"]
suppress_warnings = ["myst.strikethrough"]

autodoc_typehints = "signature"
autodoc_member_order = "bysource"
napoleon_numpy_docstring = True
napoleon_google_docstring = False

html_theme = "furo"
html_title = f"wfnb {release}"
html_show_sourcelink = False
html_show_sphinx = False
