"""Timelines: rows, attempts, waits and an axis people can read."""

from __future__ import annotations

import math
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wfnb.errors import LimitExceeded, ValidationError
from wfnb.viz import Bar, timeline_svg
from wfnb.viz.axis import ticks
from wfnb.viz.bars import rows_of, worth_showing
from wfnb.viz.scene import Group, Path, Rect, Text
from wfnb.viz.timeline import timeline_scene

RETRIED = [
    Bar("fetch", "root.steps[0]", 0, 100, "FAILED", 1),
    Bar("fetch", "root.steps[0]", 100, 500, "RETRY_SCHEDULED", 1),
    Bar("fetch", "root.steps[0]", 500, 700, "SUCCEEDED", 2),
    Bar("approve", "root.steps[1]", 700, None, "WAITING"),
]


def texts(bars: list[Bar], role: str) -> list[str]:
    scene, _ = timeline_scene(bars)
    return [shape.text for shape in scene.shapes if isinstance(shape, Text) and shape.role == role]


def test_attempts_stand_in_one_row() -> None:
    assert [len(row) for row in rows_of(RETRIED)] == [3, 1]
    assert texts(RETRIED, "row") == ["fetch", "approve"]


def test_the_length_of_a_row_is_told_and_an_open_one_is_open() -> None:
    assert texts(RETRIED, "length") == ["700 ms", "open"]


def test_the_summary_counts_steps_and_repeated_attempts() -> None:
    assert texts(RETRIED, "subheading") == ["2 steps · 700 ms · 1 more attempt"]


def test_waits_and_pauses_before_a_retry_are_hatched() -> None:
    scene, dress = timeline_scene(RETRIED)
    hatched = {
        dress.states[shape.key][0]
        for shape in scene.shapes
        if isinstance(shape, Group)
        and any(isinstance(part, Path) and part.role == "hatch" for part in shape.shapes)
    }
    assert hatched == {"waiting", "retry"}


def test_bars_stand_in_the_order_of_time_and_inside_the_picture() -> None:
    scene, _ = timeline_scene(RETRIED)
    bars = [
        part
        for shape in scene.shapes
        if isinstance(shape, Group)
        for part in shape.shapes
        if isinstance(part, Rect)
    ]
    segments = [bar for bar in bars if bar.role == "bar"]
    assert segments == sorted(segments, key=lambda bar: bar.x)
    assert all(bar.x + bar.width <= scene.width for bar in segments)


@given(st.floats(0.001, 1e11), st.integers(2, 20))
def test_ticks_are_few_and_in_order(span: float, most: int) -> None:
    marks = ticks(span, most)
    offsets = [offset for offset, _ in marks]
    assert 1 <= len(marks) <= most + 1
    assert offsets == sorted(set(offsets))
    assert offsets[-1] <= span * (1 + 1e-6)
    assert len({text for _, text in marks}) == len(marks)


@pytest.mark.parametrize(
    ("span", "labels"),
    [
        (90, ["0", "20 ms", "40 ms", "60 ms", "80 ms"]),
        (5_400_000, ["0", "30 m", "1 h", "1 h 30 m"]),
        (200_000_000, ["0", "12 h", "24 h", "36 h", "48 h"]),
        (2_000, ["0", "500 ms", "1 s", "1.5 s", "2 s"]),
    ],
)
def test_ticks_use_units_people_count_in(span: float, labels: list[str]) -> None:
    assert [text for _, text in ticks(span, 5)] == labels


def test_a_wall_of_rows_keeps_what_went_wrong_and_says_what_is_missing() -> None:
    bars = [Bar(f"s{index}", f"p{index}", index, index + 1, "SUCCEEDED") for index in range(1_000)]
    bars[777] = Bar("bad", "p777", 777, 777, "FAILED")
    assert [bars[777]] in worth_showing(rows_of(bars))
    assert texts(bars, "note") == ["800 shorter steps that went well are not shown."]


def test_ten_thousand_iterations_in_a_row_stay_a_small_picture() -> None:
    bars = [Bar("item", "p", index, index + 0.9, "SUCCEEDED") for index in range(10_000)]
    assert len(timeline_svg(bars)) < 200_000


def test_too_many_bars_are_refused() -> None:
    endless = (Bar("a", "p", index, index, "SUCCEEDED") for index in range(10**9))
    with pytest.raises(LimitExceeded):
        timeline_svg(endless)


@pytest.mark.parametrize("time", [math.nan, math.inf, -math.inf])
def test_a_time_that_is_none_is_refused(time: float) -> None:
    with pytest.raises(ValidationError, match="finite"):
        timeline_svg([Bar("a", "p", time, 1, "SUCCEEDED")])


def test_no_bars_give_an_empty_chart() -> None:
    ET.fromstring(timeline_svg([]))  # noqa: S314 - our own picture


def test_the_same_bars_give_the_same_bytes() -> None:
    assert timeline_svg(RETRIED) == timeline_svg(list(RETRIED))
