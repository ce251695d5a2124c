"""The built front end: a small loader that every widget carries, and the bundle that comes once per page."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from wfnb.viz.stylesheet import widget_stylesheet

__all__ = ["Bundle", "bundle", "loader"]


@dataclass(frozen=True, slots=True)
class Bundle:
    """The front end with its style; the key says which one it is, so that a page never mixes two versions."""

    key: str
    js: str
    css: str


@cache
def bundle() -> Bundle:
    """The debugger's front end.

    Examples
    --------
    >>> len(bundle().key)
    16
    """
    js = _built("debugger.js")
    css = widget_stylesheet() + _built("debugger.css")
    return Bundle(hashlib.sha256(f"{js}\n{css}".encode()).hexdigest()[:16], js, css)


@cache
def loader() -> str:
    """The module that stands in the widget: shows the picture and asks for the bundle."""
    return _built("loader.js").replace("__WFNB_KEY__", bundle().key)


def _built(name: str) -> str:
    return (files("wfnb.ui") / "static" / name).read_text(encoding="utf-8")
