"""What is shown of forks: what a live one may cause, and the family of runs that come from the same one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from wfnb.operator_rows import columns_of
from wfnb.pictures import Picture
from wfnb.services.forks import Effect, Relative
from wfnb.tables import Rows
from wfnb.viz.family import Member, family_scene
from wfnb.viz.svg import svg_text

__all__ = ["Family", "ForkPlan", "Kin", "PlannedEffect"]


@dataclass(frozen=True)
class PlannedEffect:
    """A step ahead that calls an action with side effects; `path` is its place in the definition."""

    step: str
    action: str
    version: int
    workflow: str
    path: str

    @classmethod
    def of(cls, effect: Effect) -> PlannedEffect:
        """From what the program says."""
        step, action = effect.step, effect.step.action
        name, version = ("", 0) if action is None else (action.id, action.version)
        return cls(step.id, name, version, effect.workflow_id, step.path)


class ForkPlan:
    """What a live fork may cause from a point on. Made by `Run.fork_plan`; nothing has happened yet.

    Attributes
    ----------
    run, at, version
        The run, the macrostep, and the version that the fork would run.
    effects
        Steps ahead that call actions with side effects: those that a run may come to, rather too many than too few.
    """

    def __init__(self, run: str, at: int, version: int, effects: Iterable[Effect]) -> None:
        self.run = run
        self.at = at
        self.version = version
        self.effects = Rows(map(PlannedEffect.of, effects), columns=columns_of(PlannedEffect))

    def __repr__(self) -> str:
        count = len(self.effects)
        said = f"{count} step{'' if count == 1 else 's'} with side effects ahead"
        head = f"<ForkPlan of {self.run} at {self.at}, version {self.version}: {said}>"
        return f"{head}\n{self.effects!r}" if self.effects else head

    def _repr_mimebundle_(self, **_kwargs: Any) -> dict[str, str]:
        return {"text/plain": repr(self), "text/html": self.effects._repr_html_()}


@dataclass(frozen=True)
class Kin:
    """A run of a family.

    `of` is the run it is a fork of, `at` the macrostep and `before` the step it left it at; `mode` is ``live`` or ``recorded``
    for a fork, ``origin`` for the first run; `edits` how many values were changed.
    """

    run: str
    of: str | None
    at: int | None
    before: str | None
    mode: str
    version: int
    edits: int
    status: str
    depth: int

    @classmethod
    def of_relative(cls, relative: Relative) -> Kin:
        """From the tables."""
        run = relative.run
        origin = run.trigger.removeprefix("fork:") if run.forked_from is not None else None
        mode = "origin" if run.forked_from is None else "live" if run.live else "recorded"
        edits = len(run.edits or {})
        return cls(
            run.run_id, origin, run.forked_seq, relative.before, mode, run.workflow_version, edits, run.status,
            relative.depth,
        )  # fmt: skip


class Family:
    """The runs that come from the same one by forking, as a tree. Made by `Run.family`.

    Attributes
    ----------
    rows
        One for each run; the first is the origin of all, and each is followed by its forks.
    """

    def __init__(self, members: Iterable[Relative]) -> None:
        self.rows = Rows(map(Kin.of_relative, members), columns=columns_of(Kin))

    def __len__(self) -> int:
        return len(self.rows)

    def picture(self) -> Picture:
        """The tree, with the status of every run."""
        title = f"family of {self.rows[0].run}"
        members = [Member(row.run, _note(row), row.status, row.depth) for row in self.rows]

        def figure() -> Any:
            from wfnb.viz.mpl import scene_figure

            return scene_figure(*family_scene(members, title=title), "light")

        return Picture(
            f"{title}: {_count(self)}", svg_text(*family_scene(members, title=title), "auto"), figure
        )

    def __repr__(self) -> str:
        lines = [f"{'  ' * row.depth}{row.run} {row.status}{_with_comma(_note(row))}" for row in self.rows]
        return "\n".join([f"<Family of {self.rows[0].run}: {_count(self)}>", *lines])

    def _repr_mimebundle_(self, **_kwargs: Any) -> dict[str, str]:
        html = self.picture()._repr_mimebundle_()["text/html"]
        return {"text/plain": repr(self), "text/html": html + self.rows._repr_html_()}


def _count(family: Family) -> str:
    forks = len(family) - 1
    return f"{forks} fork{'' if forks == 1 else 's'}"


def _with_comma(note: str) -> str:
    return f", {note}" if note else ""


def _note(row: Kin) -> str:
    """How a run came to be."""
    if row.of is None:
        return ""
    where = f"before {row.before}" if row.before else f"at {row.at}"
    edits = f", {row.edits} edit{'' if row.edits == 1 else 's'}" if row.edits else ""
    return f"{row.mode} {where}{edits}, version {row.version}"
