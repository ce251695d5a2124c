"""SVG: well-formed, inert, the same every time, readable in light and dark."""

from __future__ import annotations

import random
import re
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unit.viz.definitions import R, branching, plain, step
from wfnb.errors import LimitExceeded
from wfnb.viz import Bar, Overlay, pipeline_svg, timeline_svg
from wfnb.viz.theme import BASE, DARK, LIGHT, STATE

SVG = "{http://www.w3.org/2000/svg}"
ELEMENTS = {"svg", "title", "desc", "style", "g", "rect", "text", "path"}
ATTRIBUTES = {
    "aria-label", "class", "d", "data-key", "height", "role", "rx", "text-anchor", "transform", "viewBox", "width", "x", "y",
}  # fmt: skip
HOSTILE = [
    "<script>alert(1)</script>",
    "</title><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onload='alert(1)",
    "]]></style><svg onload=alert(1)>",
    "<!--", "-->", "&lt;script&gt;", "&#x3c;b&#x3e;", "javascript:alert(1)", "${alert(1)}", "{{7*7}}",
    "\x00\x01\x1b[31m", "\ud800", "\ufffe", "a\u202eb", "\u2066x", "]]>", "<![CDATA[", "%3Csvg%3E", "\u202e",
    "<svg><animate onbegin=alert(1) attributeName=x>", "<foreignObject><iframe src=javascript:alert(1)>",
]  # fmt: skip


def parsed(svg: str) -> ET.Element:
    return ET.fromstring(svg)  # noqa: S314 - our own picture, which the test is about


def assert_inert(svg: str) -> None:
    for element in parsed(svg).iter():
        assert element.tag.removeprefix(SVG) in ELEMENTS
        assert set(element.attrib) <= ATTRIBUTES


def labelled(text: str) -> str:
    definition = {
        "id": text,
        "name": text,
        "trigger": {"eventName": text},
        "steps": [
            step(text, text, name=text),
            step(
                text,
                "control.if",
                condition={"$expr": text},
                then=[step(text, "action.call", config={"actionId": text})],
            ),
            step(text, "control.forEach", items={"$expr": text}, itemVar=text, body=[step(text)]),
        ],
    }
    overlay = Overlay(
        status={f"{R}[0]": text, f"{R}[1]": "FAILED"},
        current=text,
        findings={f"{R}[0]": [text]},
        taken=frozenset({(text, text)}),
    )
    return pipeline_svg(definition, overlay)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_labels_stay_text(text: str) -> None:
    assert_inert(labelled(text))
    assert_inert(timeline_svg([Bar(text, text, 0, 1, text)], title=text))


def test_a_thousand_random_labels_give_pictures() -> None:
    chance = random.Random(7)
    pieces = [*HOSTILE, "$\\frac{", "$$", "\\", "\n", "ä", "票", "👩\u200d💻", "x" * 500, " "]
    for _ in range(1_000):
        assert_inert(labelled("".join(chance.choices(pieces, k=chance.randint(0, 4)))))


@settings(max_examples=100)
@given(st.text(st.characters(codec=None), max_size=80))
def test_any_text_gives_a_picture(text: str) -> None:
    assert_inert(labelled(text))


def test_the_same_input_gives_the_same_bytes() -> None:
    overlay = Overlay(
        status={f"{R}[0]": "SUCCEEDED"}, taken=frozenset({(f"{R}[1]", "then"), (f"{R}[1]", "else")})
    )
    assert pipeline_svg(branching(), overlay) == pipeline_svg(branching(), overlay)


def test_nothing_is_loaded_from_elsewhere() -> None:
    svg = pipeline_svg(branching(), Overlay(status={f"{R}[0]": "SUCCEEDED"}))
    assert re.findall(r"https?://[^\"]+", svg) == ["http://www.w3.org/2000/svg"]
    assert "url(" not in svg


def test_every_step_is_a_group_with_its_path_and_status() -> None:
    svg = parsed(pipeline_svg(branching(), Overlay(status={f"{R}[0]": "FAILED"}, current=f"{R}[0]")))
    groups = {group.get("data-key"): group for group in svg.iter(f"{SVG}g")}
    assert groups[f"{R}[0]"].get("class") == "wf-step wf-failed wf-current"
    titles = [title.text for title in groups[f"{R}[0]"].findall(f"{SVG}title")]
    assert titles == [f"check · check_order v1 · action.call · {R}[0] · FAILED"]
    assert any(path.get("class") == "wf-glyph" for path in groups[f"{R}[0]"].iter(f"{SVG}path"))


def test_coordinates_have_at_most_one_decimal() -> None:
    svg = parsed(pipeline_svg(branching()))
    numbers = [
        value for element in svg.iter() for name in ("x", "y", "width", "d") if (value := element.get(name))
    ]
    assert not re.search(r"\.\d\d", " ".join(numbers))


def test_auto_has_both_palettes_and_a_fixed_theme_has_one() -> None:
    auto, light, dark = (pipeline_svg(branching(), theme=theme) for theme in ("auto", "light", "dark"))
    assert LIGHT["canvas"] in auto
    assert DARK["canvas"] in auto
    assert "prefers-color-scheme:dark" in auto
    assert LIGHT["canvas"] in light
    assert DARK["canvas"] not in light
    assert DARK["canvas"] in dark
    assert "@media" not in dark


def test_the_picture_says_what_it_is_to_people_who_do_not_see_it() -> None:
    svg = parsed(pipeline_svg(branching()))
    assert (svg.get("role"), svg.get("aria-label")) == ("img", "Orders")
    assert svg.findtext(f"{SVG}desc") == "Workflow Orders: orders · version 2 · 11 steps."


def test_ten_thousand_steps_end_with_a_clear_refusal() -> None:
    with pytest.raises(LimitExceeded):
        pipeline_svg(plain(10_000))


def test_the_largest_definition_is_drawn_with_stacks() -> None:
    svg = parsed(pipeline_svg(plain(5_000)))
    assert sum(1 for group in svg.iter(f"{SVG}g") if group.get("class") == "wf-step") <= 400


def luminance(colour: str) -> float:
    channels = [int(colour[index : index + 2], 16) / 255 for index in (1, 3, 5)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
def test_text_is_easy_to_read(palette: dict[str, str]) -> None:
    for ink in ("text", "muted"):
        for paper in ("canvas", "surface", "lane", "lane2", "failed-soft", "waiting-soft", "retry-soft"):
            assert contrast(palette[ink], palette[paper]) >= 4.5, (ink, paper)
    for status in ("succeeded", "failed", "waiting", "retry", "started", "canceled"):
        assert contrast(palette["on"], palette[status]) >= 4.0, status
    assert contrast(palette["accent"], palette["accent-soft"]) >= 4.0
    assert contrast(palette["waiting"], palette["waiting-soft"]) >= 4.0


def test_every_style_names_colours_of_both_palettes() -> None:
    names = {
        name for style in (*BASE.values(), *STATE.values()) for name in (style.fill, style.stroke) if name
    }
    assert names - {"none"} <= set(LIGHT)
    assert set(LIGHT) == set(DARK)
    assert {role for _, role in STATE} <= set(BASE)
