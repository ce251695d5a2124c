"""YAML text out, for people; `wfnb.model.codec.load_text` reads the same value back."""

from __future__ import annotations

import re

import yaml

from wfnb.model.values import JsonValue
from wfnb.model.yaml_reader import PLAIN

__all__ = ["write_yaml"]


class _Dumper(yaml.SafeDumper):
    """YAML that `load_text` reads back to the same value."""


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    quoted = any(pattern.fullmatch(text) for pattern in PLAIN.values())
    plain = all(line.isprintable() for line in text.split("\n"))
    style = '"' if quoted or not plain else "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.yaml_implicit_resolvers = {}
for _kind, _pattern in PLAIN.items():
    _anchored = re.compile(f"^{_pattern.pattern}$")
    _Dumper.add_implicit_resolver(f"tag:yaml.org,2002:{_kind}", _anchored, [*"-0123456789ntf~", ""])
_Dumper.add_representer(str, _represent_text)
_Dumper.ignore_aliases = lambda self, data: True  # type: ignore[method-assign]  # noqa: ARG005 - PyYAML's hook for "never anchor"


def write_yaml(value: JsonValue) -> str:
    """YAML text for people, keys in their order; `load_text` reads the same value back."""
    text = yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110)
    return str(text)
