"""Publications: what a cell shows of a definition that was accepted or refused."""

from __future__ import annotations

from typing import Any

import pytest

from wfnb.publication import Publication
from wfnb.validate.findings import Finding

STEPS = [{"id": "a", "type": "control.return"}]
WARNING = Finding("warning", "ODD", "root.steps[0]", "It is odd.", "Make it even.", "a")
ERROR = Finding("error", "BAD", "root.steps[0]", "It is <b>bad</b>.", None, "a")


def html(publication: Publication) -> str:
    return publication._repr_mimebundle_()["text/html"]


def test_an_accepted_definition_shows_its_version_and_picture() -> None:
    publication = Publication(True, "w", 3, (), {"id": "w", "name": "W", "steps": STEPS})
    assert repr(publication) == "<Publication w v3: ok, 0 findings>"
    assert html(publication).startswith("<img ")


def test_a_refused_definition_shows_its_findings_beside_the_picture() -> None:
    publication = Publication(False, "w", None, (ERROR, WARNING), {"id": "w", "name": "W", "steps": STEPS})
    lines = repr(publication).splitlines()
    assert lines[0] == "<Publication w: refused, 2 findings>"
    assert [line.split()[:2] for line in lines[1:]] == [["error", "BAD"], ["warning", "ODD"]]
    shown = html(publication)
    assert "It is &lt;b&gt;bad&lt;/b&gt;." in shown
    assert "Make it even." in shown
    assert "<img " in shown


@pytest.mark.parametrize(
    "definition",
    [
        None, [], "text", {}, {"steps": 5}, {"steps": [5]}, {"steps": [{}]}, {"steps": [{"type": "control.if", "then": "x"}]},
        {"steps": [{"id": 5, "type": []}]}, {"name": [], "steps": []}, {"trigger": 5, "steps": STEPS},
        {"steps": [{"id": "a", "type": "control.forEach", "body": [None], "itemVar": {}}]},
    ],
)  # fmt: skip
def test_whatever_was_written_the_findings_are_shown(definition: Any) -> None:
    assert "It is odd." in html(Publication(False, None, None, (WARNING,), definition))


def test_without_anything_to_show_it_is_said_in_words() -> None:
    assert html(Publication(False, None, None)) == "<p>Refused.</p>"
    assert html(Publication(True, "w", 1)) == "<p>Published.</p>"
