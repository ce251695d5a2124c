"""Graphs of definitions: the ways a run can go."""

from __future__ import annotations

import sys

import networkx as nx
import pytest

from unit.viz.definitions import R, branching, step
from wfnb.errors import MissingExtraError
from wfnb.viz import definition_graph


def test_every_step_is_a_node_and_every_way_an_edge() -> None:
    graph = definition_graph(branching())
    edges = {(source, target): label for source, target, label in graph.edges(data="label")}
    assert edges == {
        ("start", f"{R}[0]"): "",
        (f"{R}[0]", f"{R}[1]"): "",
        (f"{R}[1]", f"{R}[1].then.steps[0]"): "then",
        (f"{R}[1]", f"{R}[1].else.steps[0]"): "else",
        (f"{R}[1].else.steps[0]", f"{R}[1].else.steps[1]"): "",
        (f"{R}[1].else.steps[1]", "end"): "return",
        (f"{R}[1].then.steps[0]", f"{R}[2]"): "",
        (f"{R}[2]", f"{R}[2].body.steps[0]"): "body",
        (f"{R}[2].body.steps[0]", f"{R}[2]"): "next item",
        (f"{R}[2]", f"{R}[3]"): "done",
        (f"{R}[3]", f"{R}[3].try.steps[0]"): "try",
        (f"{R}[3]", f"{R}[3].catch.steps[0]"): "catch",
        (f"{R}[3].try.steps[0]", f"{R}[4]"): "",
        (f"{R}[3].catch.steps[0]", f"{R}[4]"): "",
        (f"{R}[4]", "end"): "",
    }
    assert graph.nodes[f"{R}[0]"] == {"kind": "action.call", "title": "check", "detail": "check_order v1"}


def test_only_loops_make_cycles() -> None:
    cycles = list(nx.simple_cycles(definition_graph(branching())))
    assert [sorted(cycle) for cycle in cycles] == [[f"{R}[2]", f"{R}[2].body.steps[0]"]]


def test_two_empty_branches_share_an_edge() -> None:
    graph = definition_graph({"id": "x", "steps": [step("i", "control.if", then=[])]})
    assert graph.edges[f"{R}[0]", "end"]["label"] == "then | else"


def test_without_networkx_the_hint_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "networkx", None)
    with pytest.raises(MissingExtraError, match="pictures"):
        definition_graph(branching())
