"""The door to jsonata-python: what is checked and what is left as it was."""

from __future__ import annotations

import importlib
import importlib.metadata
import subprocess
import sys

import pytest

from wfnb.errors import MissingExtraError
from wfnb.expr import library


def test_importing_and_compiling_leaves_the_recursion_limit_alone() -> None:
    code = (
        "import sys; sys.setrecursionlimit(1234); from wfnb.expr import compile_expression as c;"
        "assert 'jsonata' not in sys.modules, 'the library is loaded on first use';"
        "c('payload.a'); print(sys.getrecursionlimit())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.stderr) == ("1234", "")


def test_the_library_is_not_patched() -> None:
    library.load()
    parser = importlib.import_module("jsonata.parser").Parser
    assert library.load()["Parser"] is not parser
    assert parser().parse("items[1] ?? 99").condition.arguments[0] is not None
    assert "RepairedParser" not in parser.process_ast.__qualname__


@pytest.mark.parametrize("version", ["0.7.0", "0.8.0", "1.0", "0.70.1"])
def test_another_version_is_refused(monkeypatch: pytest.MonkeyPatch, version: str) -> None:
    monkeypatch.setattr(library, "_LOADED", {})
    monkeypatch.setattr(importlib.metadata, "version", lambda _name: version)
    with pytest.raises(MissingExtraError, match=version) as caught:
        library.load()
    assert caught.value.code == "MISSING_EXTRA"
    assert "pip install" in str(caught.value.hint)


def test_a_missing_library_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> str:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(library, "_LOADED", {})
    monkeypatch.setattr(importlib.metadata, "version", absent)
    with pytest.raises(MissingExtraError, match="not installed"):
        library.load()


def test_a_module_of_another_package_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library, "_LOADED", {})
    monkeypatch.setitem(sys.modules, "jsonata.parser", None)
    limit = sys.getrecursionlimit()
    with pytest.raises(MissingExtraError) as caught:
        library.load()
    assert caught.value.code == "MODULE_CLASH"
    assert sys.getrecursionlimit() == limit


def test_a_parser_that_failed_is_not_used_again() -> None:
    for source in ("payload.a[", "(", "a ? b :"):
        with pytest.raises(Exception):  # noqa: B017 - the library raises what it likes
            library.parse_symbols(source)
        assert library.parse_symbols("payload.a").type == "path"
