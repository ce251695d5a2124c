"""A definition as a directed graph, for questions that graph algorithms answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from wfnb.errors import MissingExtraError
from wfnb.viz.outline import Block, Card, outline

if TYPE_CHECKING:
    import networkx as nx

__all__ = ["definition_graph"]

_Exits = list[tuple[str, str]]  # nodes that lead on, each with the label of the way


def definition_graph(definition: Mapping[str, Any]) -> nx.DiGraph[str]:
    """Control flow of a definition.

    Nodes are definition paths plus ``start`` and ``end``, with the attributes ``kind``, ``title`` and ``detail``. Edges are the ways a
    run can go, with a ``label``: ``then``, ``else``, ``try``, ``catch``, ``body``, ``next item``, ``done``, ``return``, or empty. The
    ``catch`` edge starts at the control step, although any step inside ``try`` can take it.

    Raises
    ------
    DefinitionError
        The definition has no list of steps.
    LimitExceeded
        It has more steps than `wfnb.limits` allows.
    MissingExtraError
        networkx is not installed.

    Examples
    --------
    >>> graph = definition_graph({"id": "hello", "steps": [{"id": "done", "type": "control.return"}]})
    >>> sorted(graph.edges(data="label"))
    [('root.steps[0]', 'end', 'return'), ('start', 'root.steps[0]', '')]
    """
    try:
        import networkx as nx
    except ImportError as error:
        raise MissingExtraError(
            "networkx is not installed.", hint="Install it with: pip install 'wfnb[pictures]'"
        ) from error
    drawn = outline(definition)
    graph: nx.DiGraph[str] = nx.DiGraph(title=drawn.title)
    graph.add_node("start", kind="start", title="start", detail=drawn.trigger)
    graph.add_node("end", kind="end", title="end", detail="")
    _connect(graph, _block(graph, drawn.root, [("start", "")]), "end")
    return graph


def _block(graph: nx.DiGraph[str], block: Block, into: _Exits) -> _Exits:
    for card in block.cards:
        graph.add_node(card.path, kind=card.kind, title=card.title, detail=card.detail)
        _connect(graph, into, card.path)
        into = _leave(graph, card)
    return into


def _leave(graph: nx.DiGraph[str], card: Card) -> _Exits:
    if card.kind == "control.return":
        _connect(graph, [(card.path, "return")], "end")
        return []
    if card.kind == "control.forEach":
        for body in card.blocks:
            exits = _block(graph, body, [(card.path, "body")]) if body.cards else []
            _connect(graph, [(node, label or "next item") for node, label in exits], card.path)
        return [(card.path, "done")]
    if not card.blocks:
        return [(card.path, "")]
    return [way for block in card.blocks for way in _block(graph, block, [(card.path, block.branch)])]


def _connect(graph: nx.DiGraph[str], exits: Iterable[tuple[str, str]], target: str) -> None:
    for node, label in exits:
        known = graph.get_edge_data(node, target)
        # Two empty branches end in the same step: one edge with both names.
        graph.add_edge(node, target, label=f"{known['label']} | {label}" if known else label)
