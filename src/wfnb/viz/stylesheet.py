"""The theme as CSS, for the roles and states that a picture uses."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Final

from wfnb.viz.theme import BASE, DARK, FONT, LIGHT, MONO, OPACITY, STATE, Style, Theme

__all__ = ["PREFIX", "stylesheet", "widget_stylesheet"]

PREFIX: Final = "wf-"
"""In front of every class, so that a picture inside a page leaves the page's own classes alone."""

_Colour = Callable[[str], str]


def stylesheet(theme: Theme, roles: Collection[str], states: Collection[str]) -> str:
    """CSS for a picture that stands alone.

    Parameters
    ----------
    theme
        ``auto`` follows the reader's system; ``light`` and ``dark`` are fixed.
    roles, states
        What occurs in the picture; other rules are left out.
    """
    text = f"text{{font-family:{FONT}}}"
    first = DARK if theme == "dark" else LIGHT
    rules = text + _shape_rules(roles) + _colour_rules(first.__getitem__, roles, states)
    rules += "".join(
        f".{PREFIX}{state}{{opacity:{value}}}" for state, value in OPACITY.items() if state in states
    )
    if theme == "auto":
        dark = _colour_rules(DARK.__getitem__, roles, states)
        rules += f"@media(prefers-color-scheme:dark){{{dark}}}"
    return rules


def widget_stylesheet() -> str:
    """CSS for a picture inside a widget: all rules, with the palette as custom properties (``--wf-card`` and so on)."""

    def colour(name: str) -> str:
        return f"var(--wf-{name})"

    states = {state for state, _ in STATE}
    light, dark = _palette(LIGHT), _palette(DARK)
    return (
        f".wf-root{{{light}}}.wf-root.wf-dark{{{dark}}}.wf-root svg{{font-family:{FONT}}}"
        + _shape_rules(BASE)
        + _colour_rules(colour, BASE, states)
        + "".join(f"g.{PREFIX}{state}{{opacity:{value}}}" for state, value in OPACITY.items())
    )


def _palette(colours: dict[str, str]) -> str:
    return "".join(f"--wf-{name}:{value};" for name, value in colours.items())


def _shape_rules(roles: Collection[str]) -> str:
    """What is the same in light and dark: sizes, weights, dashes."""
    rules = []
    for role, style in BASE.items():
        parts = [
            f"font-size:{style.size:g}px" if style.size else "",
            "font-weight:600" if style.bold else "",
            f"font-family:{MONO}" if style.mono else "",
            f"stroke-dasharray:{style.dash}" if style.dash else "",
            "stroke-linecap:round;stroke-linejoin:round" if role in ("glyph", "link", "loop") else "",
        ]
        body = ";".join(part for part in parts if part)
        if body and role in roles:
            # A class on the element outweighs the rule for all texts.
            rules.append(f"text.{PREFIX}{role}{{{body}}}" if style.size else f".{PREFIX}{role}{{{body}}}")
    return "".join(rules)


def _colour_rules(colour: _Colour, roles: Collection[str], states: Collection[str]) -> str:
    rules = [f".{PREFIX}{role}{{{_colours(style, colour)}}}" for role, style in BASE.items() if role in roles]
    rules += [
        f".{PREFIX}{state}>.{PREFIX}{role}{{{_colours(style, colour)}}}"
        for (state, role), style in STATE.items()
        if role in roles and state in states
    ]
    return "".join(rules)


def _colours(style: Style, colour: _Colour) -> str:
    parts = [
        f"{name}:{value if value == 'none' else colour(value)}"
        for name, value in (("fill", style.fill), ("stroke", style.stroke))
        if value is not None
    ]
    if style.width is not None:
        parts.append(f"stroke-width:{style.width:g}")
    return ";".join(parts)
