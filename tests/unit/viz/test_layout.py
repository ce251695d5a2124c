"""Layouts: nothing overlaps, everything is inside, and long pipelines are wrapped."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from unit.viz.definitions import R, branching, plain, step
from wfnb.viz.layout import Layout, lay_out
from wfnb.viz.outline import outline, walk_cards


def blocks(depth: int) -> st.SearchStrategy[list[dict[str, Any]]]:
    leaf = st.sampled_from(["state.set", "control.return"]).map(lambda kind: step("s", kind))
    if depth == 0:
        return st.lists(leaf, max_size=4)
    inner = blocks(depth - 1)
    control = st.one_of(
        st.builds(lambda a, b: step("i", "control.if", then=a, **{"else": b}), inner, inner),
        st.builds(lambda a: step("l", "control.forEach", body=a), inner),
        st.builds(lambda a, b: step("t", "control.tryCatch", catch=b, **{"try": a}), inner, inner),
    )
    return st.lists(leaf | control, max_size=5)


def boxes(layout: Layout) -> list[tuple[float, float, float, float]]:
    width, height = layout.measures.card_width, layout.measures.card_height
    return [(card.x, card.y, card.x + width, card.y + height) for card in layout.cards]


@settings(max_examples=60)
@given(blocks(3))
def test_cards_never_overlap_and_stay_inside(steps: list[dict[str, Any]]) -> None:
    drawn = outline({"id": "x", "steps": steps})
    layout = lay_out(drawn, 960)
    places = boxes(layout)
    assert len(places) == sum(1 for _ in walk_cards(drawn.root))
    for index, (left, top, right, bottom) in enumerate(places):
        assert left >= 0
        assert right <= layout.width
        assert bottom <= layout.height
        for other in places[:index]:
            assert right <= other[0] or other[2] <= left or bottom <= other[1] or other[3] <= top


@settings(max_examples=60)
@given(blocks(3))
def test_lines_are_upright_or_level_and_inside(steps: list[dict[str, Any]]) -> None:
    layout = lay_out(outline({"id": "x", "steps": steps}), 960)
    for link in layout.links:
        for (x1, y1), (x2, y2) in pairwise(link.points):
            assert x1 == x2 or y1 == y2
            assert 0 <= x1 <= layout.width
            assert 0 <= y1 <= layout.height


def test_branches_stand_side_by_side() -> None:
    layout = lay_out(outline(branching()), 960)
    at = {card.card.path: (card.x, card.y) for card in layout.cards}
    then, other = at[f"{R}[1].then.steps[0]"], at[f"{R}[1].else.steps[0]"]
    assert then[1] == other[1]
    assert then[0] < other[0]


def test_no_line_leaves_a_return() -> None:
    layout = lay_out(outline(branching()), 960)
    keys = {link.key for link in layout.links}
    assert f"out:{R}[1].then" in keys
    assert f"out:{R}[1].else" not in keys


def test_a_pipeline_that_ends_with_a_return_has_no_end_mark() -> None:
    assert lay_out(outline({"steps": [step("r", "control.return")]}), 960).end is None
    assert lay_out(outline(plain(1)), 960).end is not None


def test_two_hundred_steps_are_wrapped_into_columns_of_nearly_the_same_height() -> None:
    layout = lay_out(outline(plain(200)), 960)
    columns: dict[float, int] = {}
    for card in layout.cards:
        columns[card.x] = columns.get(card.x, 0) + 1
    assert len(columns) == 4
    assert max(columns.values()) - min(columns.values()) <= 4
    assert layout.width <= 960


def test_a_wider_picture_has_more_columns() -> None:
    assert lay_out(outline(plain(200)), 1600).height < lay_out(outline(plain(200)), 500).height


def test_an_empty_workflow_is_a_small_picture() -> None:
    layout = lay_out(outline({"id": "x", "steps": []}), 960)
    assert layout.cards == []
    assert layout.height < 200
