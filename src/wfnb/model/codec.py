"""Definitions in and out as JSON and YAML text, bounded before anything is built."""

from __future__ import annotations

import json

from wfnb.errors import LimitExceeded
from wfnb.limits import LIMITS
from wfnb.model.json_reader import load_json
from wfnb.model.values import JsonValue

__all__ = ["dump_json", "dump_yaml", "load_text"]


def load_text(text: str, *, where: str = "definition") -> JsonValue:
    r"""Read JSON or YAML text into a JSON value.

    Text that begins with ``{`` or ``[`` is read as JSON, anything else as YAML. Duplicate keys, YAML anchors, tags, dates and
    other surprises are refused: what is read is what is written.

    Parameters
    ----------
    text
        The whole text; at most ``LIMITS.definition_size_bytes`` bytes.
    where
        Name of the file or cell, for messages.

    Raises
    ------
    DefinitionError
        ``BROKEN_JSON`` or ``BROKEN_YAML`` with line and column, ``DUPLICATE_KEY``.
    LimitExceeded
        ``TOO_LARGE`` or ``TOO_DEEP``.

    Examples
    --------
    >>> load_text("id: hello\nsteps: []")
    {'id': 'hello', 'steps': []}
    """
    if (size := len(text.encode("utf-8", "surrogatepass"))) > LIMITS.definition_size_bytes:
        raise LimitExceeded(
            f"The text has {size:,} bytes; a definition may have {LIMITS.definition_size_bytes:,}.",
            code="TOO_LARGE",
            where=where,
        )
    if text.lstrip()[:1] in ("{", "["):
        return load_json(text, where)
    from wfnb.model.yaml_reader import load_yaml  # YAML takes long to import, and most definitions are values

    return load_yaml(text, where)


def dump_json(value: JsonValue) -> str:
    """JSON text for people: two spaces, keys in their order, a final newline."""
    return json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def dump_yaml(value: JsonValue) -> str:
    """YAML text for people, keys in their order; `load_text` reads the same value back."""
    from wfnb.model.yaml_writer import write_yaml

    return write_yaml(value)
