"""Figures: the same pictures through matplotlib, with no label able to break them."""

from __future__ import annotations

import io
import sys

import pytest

from unit.viz.definitions import R, branching, plain
from wfnb.errors import MissingExtraError
from wfnb.viz import Bar, Overlay, pipeline_figure, timeline_figure
from wfnb.viz.theme import DARK


def test_a_figure_has_the_size_of_the_picture_and_all_titles() -> None:
    figure = pipeline_figure(branching(), Overlay(status={f"{R}[0]": "FAILED"}, counts={f"{R}[0]": 3}))
    texts = {text.get_text() for text in figure.axes[0].texts}
    assert {"Orders", "check", "decide", "THEN", "ELSE", "×3"} <= texts
    assert figure.get_figwidth() * 96 == pytest.approx(figure.axes[0].get_xlim()[1])


@pytest.mark.parametrize("label", ["$\\frac{$ bad", "$$", "\\", "${", "a_{b", "\x00", "\u202e", "票" * 80])
def test_a_label_is_never_mathematics(label: str) -> None:
    definition = plain(1)
    definition["steps"][0]["name"] = label
    with io.BytesIO() as target:
        pipeline_figure(definition).savefig(target, format="png")
        timeline_figure([Bar(label, "p", 0, 10, "WAITING")]).savefig(target, format="png")
        assert target.tell() > 1_000


def test_a_dark_figure_is_dark() -> None:
    from matplotlib.colors import to_hex

    assert to_hex(pipeline_figure(plain(1), theme="dark").get_facecolor()) == DARK["canvas"]


def test_a_very_long_figure_stays_within_what_can_be_rendered() -> None:
    figure = pipeline_figure(plain(5_000), width=300)
    assert max(figure.get_size_inches()) * figure.dpi <= 30_000


def test_without_matplotlib_the_hint_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(MissingExtraError, match="pictures"):
        pipeline_figure(plain(1))
