"""Text in and out: what is read is what is written, or it is refused with its place."""

from __future__ import annotations

import contextlib
import time
from typing import Any

import pytest
import yaml

from wfnb.errors import DefinitionError, LimitExceeded
from wfnb.limits import LIMITS
from wfnb.model import yaml_reader
from wfnb.model.codec import dump_json, dump_yaml, load_text


@pytest.fixture(params=["C", "Python"])
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both parsers of the YAML package: which one there is depends on how it was built."""
    if request.param == "Python":
        monkeypatch.setattr(yaml_reader, "_LOADER", yaml.SafeLoader)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": [1, 2.5, true, null, "x"]}', {"a": [1, 2.5, True, None, "x"]}),
        ("a:\n  - 1\n  - 2.5\n  - true\n  - null\n  - x", {"a": [1, 2.5, True, None, "x"]}),
        ("a: ~\nb:\nc: ''", {"a": None, "b": None, "c": ""}),
        ("a: |\n  one\n  two\n", {"a": "one\ntwo\n"}),
        ("a: 'true'\nb: \"1\"", {"a": "true", "b": "1"}),
        ("", None),
        ("# nothing", None),
        ("just words", "just words"),
        ("a: {b: [c, {d: e}]}", {"a": {"b": ["c", {"d": "e"}]}}),
    ],
)
@pytest.mark.usefixtures("parser")
def test_json_and_yaml_give_json_values(text: str, value: Any) -> None:
    assert load_text(text) == value


@pytest.mark.parametrize("text", ["yes", "no", "on", "off", "Null", "True", "0x1F", "0o7", "017", "1_000", "1:30", ".5", ".inf", ".nan", "2026-01-31", "<<", "="])  # fmt: skip
@pytest.mark.usefixtures("parser")
def test_words_that_other_yaml_readers_turn_into_something_else_stay_text(text: str) -> None:
    assert load_text(f"a: {text}") == {"a": text}


@pytest.mark.parametrize(
    ("text", "code", "where"),
    [
        ('{"a": 1,\n "b": }', "BROKEN_JSON", "x.json, line 2, column 7"),
        ('{"a": [NaN]}', "BROKEN_JSON", "x.json, line 1, column 8"),
        ('{"NaN": 1,\n"a": -Infinity}', "BROKEN_JSON", "x.json, line 2, column 6"),
        (f"[\n{'9' * 5000}]", "BROKEN_JSON", "x.json, line 2, column 1"),
        ('{"a": {"b": 1, "c": [{"b": 2}],\n  "b": 3}}', "DUPLICATE_KEY", "x.json, line 2, column 3"),
        ('{"a": 1, "\\u0061": 2}', "DUPLICATE_KEY", "x.json, line 1, column 10"),
        ('{"a": "a", "b": "a", "a": 1}', "DUPLICATE_KEY", "x.json, line 1, column 22"),
        ("a: 1\nb: 2\na: 3", "DUPLICATE_KEY", "x.json, line 3, column 1"),
        ("a: &x 1", "BROKEN_YAML", "x.json, line 1, column 4"),
        ("a: &x [1]", "BROKEN_YAML", "x.json, line 1, column 4"),
        ("a: 1\nb: *x", "BROKEN_YAML", "x.json, line 2, column 4"),
        ("a: !!python/name:os.system x", "BROKEN_YAML", "x.json, line 1, column 4"),
        ("a: !!set {x}", "BROKEN_YAML", "x.json, line 1, column 4"),
        ("1: x", "BROKEN_YAML", "x.json, line 1, column 1"),
        ("null: x", "BROKEN_YAML", "x.json, line 1, column 1"),
        ("? [a]\n: x", "BROKEN_YAML", "x.json, line 1, column 3"),
        ("a\n---\nb", "BROKEN_YAML", "x.json, line 2, column 1"),
        (f"a: {'9' * 5000}", "BROKEN_YAML", "x.json, line 1, column 4"),
        ("a: x\n\x00", "BROKEN_YAML", "x.json, line 2, column 1"),
        ("a: \ud800", "BROKEN_YAML", "x.json, line 1, column 4"),
    ],
    ids=range(20),
)
@pytest.mark.usefixtures("parser")
def test_what_is_refused_is_told_with_its_place(text: str, code: str, where: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        load_text(text, where="x.json")
    assert (caught.value.code, caught.value.where) == (code, where)


@pytest.mark.parametrize(
    "text", ["a: 'x", "a: [", "a: }", "\ta: 1", "a: b: c", "- a\nb", "%YAML 3.0\n---\na", '"\\x"']
)
@pytest.mark.usefixtures("parser")
def test_broken_yaml_is_refused_with_a_line(text: str) -> None:
    with pytest.raises(DefinitionError, match="The text is not YAML") as caught:
        load_text(text)
    assert caught.value.code == "BROKEN_YAML"
    assert ", line " in str(caught.value.where)


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ("- ", ""), ('{"a":', "}")])
@pytest.mark.usefixtures("parser")
def test_json_and_yaml_may_be_equally_deep(opening: str, closing: str) -> None:
    most = LIMITS.definition_depth
    assert load_text(opening * most + "1" + closing * most) is not None
    with pytest.raises(LimitExceeded) as caught:
        load_text(opening * (most + 1) + "1" + closing * (most + 1))
    assert caught.value.code == "TOO_DEEP"


def test_brackets_inside_text_are_not_depth() -> None:
    assert load_text('["' + "[" * 200 + '", "\\"[[["]') == ["[" * 200, '"[[[']


def test_the_size_is_counted_in_bytes() -> None:
    with pytest.raises(LimitExceeded) as caught:
        load_text('"' + "é" * (LIMITS.definition_size_bytes // 2) + '"')
    assert caught.value.code == "TOO_LARGE"


BOMBS = {
    "json lists": "[" * 1_000_000,
    "json objects": '{"a":' * 200_000,
    "json quotes": '["' * 500_000,
    "json backslashes": '["' + "\\" * 1_000_000,
    "yaml flow": "a: " + "[" * 1_000_000,
    "yaml dashes": "- " * 500_000,
    "yaml anchors": "a: &a [x]\n" + "".join(f"{c}: &{c} [*a, *a]\n" for c in "bcdefghi"),
    "yaml spaces": " " * 1_000_000,
    "yaml lines": "\n" * 1_000_000,
    "yaml question marks": "? " * 500_000,
    "yaml indent": "\n".join(" " * i + "a:" for i in range(1_400)),
    "too large": "x" * 50_000_000,
}


@pytest.mark.parametrize("text", BOMBS.values(), ids=BOMBS)
def test_a_bomb_is_defused_at_once(text: str) -> None:
    took_s = []
    for _ in range(5):  # the fastest of five: what else the machine does is not the reader's doing
        begun = time.thread_time()
        with contextlib.suppress(DefinitionError, LimitExceeded):
            load_text(text)
        took_s.append(time.thread_time() - begun)
    assert min(took_s) < 0.1


def test_many_keys_are_read_in_linear_time() -> None:
    begun = time.process_time()
    value = load_text("\n".join(f"k{i}: 1" for i in range(50_000)))
    assert len(value) == 50_000
    assert time.process_time() - begun < 5


def test_json_for_people_keeps_order_and_letters() -> None:
    assert dump_json({"b": "é", "a": [1]}) == '{\n  "b": "é",\n  "a": [\n    1\n  ]\n}\n'


def test_yaml_for_people_keeps_order_and_shows_lines() -> None:
    assert dump_yaml({"b": "é", "a": "one\ntwo\n"}) == "b: é\na: |\n  one\n  two\n"


def test_yaml_never_uses_anchors() -> None:
    shared = ["x"]
    assert load_text(dump_yaml({"a": shared, "b": shared})) == {"a": ["x"], "b": ["x"]}


@pytest.mark.parametrize("text", ["", "true", "null", "~", "1", "-0", "1e5", "a: b", "- a", "#x", " x", "x ", "\n", "a\n", "\n a", "\t", "{a", "[", "'", '"', "&a", "*a", "!a", "%a", "@a", "`a", "a\r\nb", "\x85", "\u2028", "\ufeff", "\x07", "😀", "---", "...", "a\n\n b\n"])  # fmt: skip
@pytest.mark.usefixtures("parser")
def test_any_text_comes_back_from_yaml(text: str) -> None:
    assert load_text(dump_yaml({"a": text, "b": [text]})) == {"a": text, "b": [text]}
