"""Numbers and values as text, the way JSONata's ``&`` and ``$string`` write them."""

from __future__ import annotations

import json
import math
from decimal import Decimal

from wfnb.expr.budget import Run
from wfnb.expr.faults import Fault
from wfnb.expr.values import MISSING, Value

__all__ = ["json_text", "number_text", "text_of"]

_PLAIN_BELOW = 1e21  # ECMAScript writes larger numbers with an exponent
_PLAIN_FROM = 1e-6  # ... and smaller ones too
_INT_DIGITS = 400  # an int of more digits is beyond every float


def number_text(value: float) -> str:
    """A number as JSONata writes it: integers exactly, others with 15 significant digits.

    Examples
    --------
    >>> number_text(5890840712243076), number_text(0.1 + 0.2), number_text(1e21), number_text(1.5e-9)
    ('5890840712243076', '0.3', '1e+21', '1.5e-9')
    """
    if isinstance(value, int):
        if value.bit_length() > _INT_DIGITS * 4:
            raise Fault(
                "EXPRESSION_LIMIT", f"An integer of about {value.bit_length() * 3 // 10} digits is too long."
            )
        return str(value)
    if not math.isfinite(value):
        raise Fault("NOT_JSON", "A number is not finite.")
    if value.is_integer() and abs(value) < _PLAIN_BELOW:
        return str(int(value))
    rounded = value if value.is_integer() else float(f"{value:.15g}")
    if rounded.is_integer() and abs(rounded) < _PLAIN_BELOW:
        return str(int(rounded))
    shortest = repr(rounded)
    if "e" not in shortest:
        return shortest
    if _PLAIN_FROM <= abs(rounded) < _PLAIN_BELOW:
        return format(Decimal(shortest), "f")
    mantissa, exponent = shortest.split("e")
    return f"{mantissa}e{int(exponent):+d}"


def json_text(value: Value, run: Run, *, pretty: bool = False) -> str:
    """A value as JSON text with JSONata's numbers; `pretty` indents by two."""
    pieces: list[str] = []
    _write(value, pieces, run, "\n" if pretty else "")
    text = "".join(pieces)
    run.check_text(len(text))
    return text


def _write(value: Value, out: list[str], run: Run, line: str) -> None:
    run.spend(1)
    if isinstance(value, str):
        run.check_text(len(value))
        out.append(json.dumps(value, ensure_ascii=False))
    elif value is None or isinstance(value, bool):
        out.append("null" if value is None else "true" if value else "false")
    elif isinstance(value, (int, float)):
        out.append(number_text(value))
    elif isinstance(value, list):
        _write_all([("", item) for item in value], out, run, line, "[]")
    elif isinstance(value, dict):
        colon = ": " if line else ":"
        members = [(json.dumps(key, ensure_ascii=False) + colon, item) for key, item in value.items()]
        _write_all(members, out, run, line, "{}")
    else:
        raise Fault("NOT_JSON", f"A value of type {type(value).__name__} is not JSON.")


def _write_all(members: list[tuple[str, Value]], out: list[str], run: Run, line: str, ends: str) -> None:
    inner = line + "  " if line else ""
    separator = ends[0] + inner
    for label, item in members:
        out.append(separator + label)
        _write(item, out, run, inner)
        separator = "," + inner
    out.append(line + ends[1] if members else ends)


def text_of(value: Value, run: Run) -> str:
    """What ``&`` makes of a value: a missing one is empty, a string is itself, all else is JSON text."""
    if isinstance(value, str):
        return value
    if value is MISSING:
        return ""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return number_text(value)
    return json_text(value, run)
