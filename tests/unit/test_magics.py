"""The magics, in a real shell."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

import wfnb
from wfnb.errors import WfnbError

HELLO = "id: hello\nname: Hello\nsteps:\n  - {id: a, type: transform.assign, config: {assign: {vars.x: {$expr: payload.n}}}}\n"


@pytest.fixture
def shell() -> Iterator[InteractiveShell]:
    """A shell that writes no history and knows the magics."""
    shell = InteractiveShell(config=Config({"HistoryManager": {"enabled": False}}))
    shell.run_line_magic("load_ext", "wfnb")
    with wfnb.open(store="memory", clock="2026-01-01", seed=1) as ws:
        shell.user_ns["ws"] = ws
        yield shell
    InteractiveShell.clear_instance()


def cell(shell: InteractiveShell, text: str) -> Any:
    """The value of a cell as a person runs it; its exception is raised."""
    result = shell.run_cell(text)
    result.raise_error()
    return result.result


@pytest.fixture
def hello(shell: InteractiveShell) -> InteractiveShell:
    cell(shell, f"%%workflow published\n{HELLO}")
    cell(shell, "run = ws.start('hello', {'n': 3}).wait(60)")
    return shell


def test_a_definition_in_a_cell_is_published_and_kept(shell: InteractiveShell) -> None:
    publication = cell(shell, f"%%workflow published\n{HELLO}")
    assert publication.ok
    assert shell.user_ns["published"] is publication
    assert "<img" in publication._repr_mimebundle_()["text/html"]


def test_a_definition_that_is_refused_shows_its_findings(shell: InteractiveShell) -> None:
    publication = cell(shell, "%%workflow\nid: [")
    assert [finding.code for finding in publication.findings] == ["BROKEN_YAML"]


@pytest.mark.parametrize("name", ["not-a-name", "class", "1x", "a b"])
@pytest.mark.parametrize("magic", [f"%%workflow NAME\n{HELLO}", "%%wfsql NAME\nSELECT 1 AS x"])
def test_a_name_that_is_none_is_refused_before_anything_is_done(
    shell: InteractiveShell, magic: str, name: str
) -> None:
    with pytest.raises(WfnbError, match="not a name"):
        cell(shell, magic.replace("NAME", name))
    assert shell.user_ns["ws"].workflows() == []


def test_a_question_takes_variables_of_the_notebook(hello: InteractiveShell) -> None:
    frame = cell(hello, "wanted = 'SUCCEEDED'")
    frame = cell(hello, "%%wfsql answer\nSELECT run_id FROM runs WHERE status = $wanted")
    assert list(frame["run_id"]) == ["run-0001"]
    assert hello.user_ns["answer"] is frame


def test_a_variable_is_a_value_and_never_part_of_the_question(hello: InteractiveShell) -> None:
    cell(hello, 'wanted = "\' OR 1 = 1 --"')
    assert len(cell(hello, "%%wfsql\nSELECT * FROM runs WHERE status = $wanted")) == 0


def test_a_dollar_in_a_text_or_a_comment_is_a_dollar(hello: InteractiveShell) -> None:
    cell(hello, "wanted = object()")
    frame = cell(hello, "%%wfsql\nSELECT 'costs $wanted' AS \"$wanted\" -- $wanted\n/* $wanted */")
    assert frame.to_dict("list") == {"$wanted": ["costs $wanted"]}


@pytest.mark.parametrize(
    ("question", "code"),
    [
        ("SELECT $nobody", "QUERY_SYNTAX"),
        ("SELECT $ws", "QUERY_SYNTAX"),
        ("DROP VIEW runs", "QUERY_REFUSED"),
        ("SELEC", "QUERY_SYNTAX"),
    ],
)
def test_a_bad_question_gives_one_typed_error(hello: InteractiveShell, question: str, code: str) -> None:
    with pytest.raises(WfnbError) as caught:
        cell(hello, f"%%wfsql answer\n{question}")
    assert caught.value.code == code
    assert "answer" not in hello.user_ns


def test_every_command_answers(hello: InteractiveShell) -> None:
    assert cell(hello, "%wf workflows") == ["hello"]
    assert [row.run for row in cell(hello, "%wf runs")] == ["run-0001"]
    assert [row.run for row in cell(hello, "%wf runs SUCCEEDED FAILED")] == ["run-0001"]
    assert list(cell(hello, "%wf runs FAILED")) == []
    assert cell(hello, "%wf show run-0001").id == "run-0001"
    assert cell(hello, "%wf debug run-0001").length == 1
    assert cell(hello, "%wf picture hello").svg.startswith("<svg")


def test_without_a_word_it_says_what_it_can_do(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cell(shell, "%wf") is None
    told = capsys.readouterr().out
    assert all(
        word in told for word in ("workflows", "runs", "show", "debug", "picture", "%%wfsql", "%%workflow")
    )


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("shw run-0001", "Did you mean “show”"),
        ("nonsense", "no command"),
        ("show", "wrong number of words"),
        ("show a b", "wrong number of words"),
        ("workflows extra", "wrong number of words"),
        ("runs NOPE", "no such status"),
        ("show nope", "There is no run nope"),
        ("debug nope", "There is no run nope"),
        ("picture helo", "Did you mean “hello”"),
        ('show "run', "quotation mark"),
    ],
)
def test_a_command_that_is_none_gives_one_typed_error(
    hello: InteractiveShell, line: str, message: str
) -> None:
    with pytest.raises(WfnbError, match=message):
        cell(hello, f"%wf {line}")


def test_a_notebook_without_a_workspace_is_told_how_to_open_one(shell: InteractiveShell) -> None:
    del shell.user_ns["ws"]
    with pytest.raises(WfnbError, match=r"wfnb\.open"):
        cell(shell, "%wf runs")


def test_a_workspace_by_another_name_is_found(hello: InteractiveShell) -> None:
    hello.user_ns["lab"] = hello.user_ns.pop("ws")
    assert cell(hello, "%wf workflows") == ["hello"]
