"""Lineage: why a value is what it is. From a write to the expression that made it, to what that read, back to where data came in.

Nothing is evaluated again: what a step wrote is recorded, what an expression reads is known from its text, and what those
values were is the state before the write.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from wfnb.limits import LIMITS
from wfnb.machine.causes import COMMANDS, Cause, Reading
from wfnb.machine.readings import narrow, paths, settled
from wfnb.machine.writers import Attempt, Chronicle, Found, Point, Writes, base_of
from wfnb.model.paths import definition_path
from wfnb.model.values import DELETE, JsonValue, Path, get_path
from wfnb.validate import template as t
from wfnb.validate.program import LinkedStep

__all__ = ["Tracer"]

_PARTS = 24  # writes of which one value is put together that are told one by one


@dataclass(frozen=True, slots=True)
class _At:
    """A moment at a base: where a value is looked for."""

    base: Path
    point: Point
    depth: int

    def back(self, point: Point, base: Path | None = None) -> _At:
        return _At(self.base if base is None else base, point, self.depth)

    def deeper(self) -> _At:
        return replace(self, depth=self.depth + 1)


class Tracer:
    """Finds causes in one run; follows into the runs that it called, and into the one that called it.

    Parameters
    ----------
    chronicle
        The run.
    """

    def __init__(self, chronicle: Chronicle, _count: list[int] | None = None) -> None:
        self.chronicle = chronicle
        self.writes = Writes(chronicle)
        self._known: dict[tuple[Path, Path, Point | None], Cause] = {}
        self._others: dict[str, Tracer] = {chronicle.run_id: self}
        self._count = _count or [0]

    def trace(self, path: Path, seq: int | None = None, depth: int = 0) -> Cause:
        """What made the value at a path of the envelope, as it was after a macrostep."""
        end = self.chronicle.last if seq is None else seq
        return self._trace(path, _At((), (end + 1, 0), depth))

    # --- one value

    def _trace(self, path: Path, at: _At) -> Cause:
        tree = self._tree(at)
        path, value = settled(tree.get("envelope", {}), path)
        self._count[0] += 1
        if at.depth > LIMITS.why_depth or self._count[0] > LIMITS.why_causes:
            return Cause(self.chronicle.run_id, path, value, "further")
        found = self.writes.before(at.base, path, at.point)
        key = (at.base, path, found[0] if found else None)
        if key not in self._known:
            cause = Cause(self.chronicle.run_id, path, value, "absent", found[0] if found else None)
            self._known[key] = self._made(cause, found, at) if found else self._began(cause, at)
        return self._known[key]

    def _tree(self, at: _At) -> dict[str, JsonValue]:
        return self.writes.tree(at.base, at.point)

    def _began(self, cause: Cause, at: _At) -> Cause:
        """A value that was there before the first step."""
        if cause.value is DELETE:
            return cause
        forked = self.chronicle.origin()
        if forked is not None:
            return self._before_fork(cause, *forked, at.depth + 1)
        if cause.path[0] != "payload":
            return replace(cause, source="start")
        return self._came_in(replace(cause, source="payload"), at.depth)

    def _before_fork(self, cause: Cause, other: Chronicle, seq: int, depth: int) -> Cause:
        """A value that a fork began with: of the run that it comes from, unless somebody changed it in between."""
        if get_path(other.state(seq).envelope, cause.path, DELETE) != cause.value:
            return replace(cause, source="edit", detail=f"fork of {other.run_id}")
        return self._of(other).trace(cause.path, seq, depth)

    def _came_in(self, cause: Cause, depth: int) -> Cause:
        """A value of the payload: of the run that called this one, if any."""
        calling = self.chronicle.caller()
        if calling is None:
            return cause
        other, effect_id = calling
        begun = other.begun(effect_id)
        if begun is None:
            return replace(cause, detail=other.run_id)
        readings, inputs = self._of(other).given(begun, cause.path[1:], depth)
        return replace(cause, detail=other.run_id, readings=readings, inputs=inputs)

    def given(self, begun: Attempt, rest: Path, depth: int) -> tuple[tuple[Reading, ...], tuple[Cause, ...]]:
        """What a call was given at a path of its input."""
        step = self._step(begun)
        if step is None or step.inputs is None:
            return (), ()
        point = (begun.seq, 0)
        base = base_of(self.writes.tree((), point), begun.instance)
        return self._reads(step.inputs, rest, _At(base, point, depth))

    def _made(self, cause: Cause, found: Found, at: _At) -> Cause:
        """A value by the write that made it, a part of it, or what is around it."""
        point, place, value = found
        here = at.back(point)
        tree = self._tree(here)
        if not place:
            return self._outside(cause, here)
        if len(place) > len(cause.path):
            return self._parts(cause, found, at)
        lanes = _innermost(tree).get("lanes")
        if lanes is not None:
            return self._from_lane(cause, tree, here)
        if self.chronicle.macrostep(point[0]).command == "Retry":
            return self._restored(cause, value, here)
        item = self._of_loop(cause, found, tree, here)
        return item or self._by_step(cause, found, here)

    def _parts(self, cause: Cause, found: Found | None, at: _At) -> Cause:
        """A value that was put together by several writes."""
        parts: list[Cause] = []
        seen: list[Path] = []
        while found is not None and len(found[1]) > len(cause.path) and len(parts) < _PARTS:
            place = found[1]
            if not any(place[: len(path)] == path for path in seen):
                seen.append(place)
                part = self._trace(place, at.deeper())
                parts += [part] if part.value is not DELETE else []
            found = self.writes.before(at.base, cause.path, found[0])
        if found is not None:
            before = found[0][0], found[0][1] + 1
            parts.append(self._trace(cause.path, at.back(before).deeper()))
        else:
            first = self._began(replace(cause, point=None, value=self._first(cause.path)), at)
            parts += [first] if first.source != "absent" and first.value != {} else []
        attempt = next((part.attempt for part in parts), None)
        return replace(cause, source="parts", attempt=attempt, inputs=tuple(parts))

    def _first(self, path: Path) -> JsonValue:
        return get_path(self.chronicle.state(0).envelope, path, DELETE)

    # --- loops

    def _outside(self, cause: Cause, here: _At) -> Cause:
        """A value that a parallel item began with: its item, or what was there before the loop."""
        outer, frame = here.base[:-5], here.base[-4]
        tree = self.writes.tree(outer, here.point)
        lanes = tree["frames"][frame]["lanes"]
        around = here.back(here.point, outer)
        if cause.path[:2] == ("vars", lanes["var"]):
            return self._item(
                cause, lanes["owner"], (int(here.base[-1]), *cause.path[2:]), int(frame), around
            )
        return self._trace(cause.path, around)

    def _from_lane(self, cause: Cause, tree: dict[str, JsonValue], here: _At) -> Cause:
        """A value that a parallel loop left: of the last item that wrote it."""
        depth = len(tree["frames"]) - 1
        done = tree["frames"][depth]["lanes"]["done"]
        for index in sorted(map(int, done), reverse=True):
            for entry in done[str(index)]["writes"]:
                place = _path(entry)[1:]
                if place[: len(cause.path)] == cause.path[: len(place)]:
                    lane = (*here.base, "frames", depth, "lanes", "open", str(index))
                    inside = self.writes.before(lane, cause.path, here.point)
                    if inside is not None and inside[1]:
                        return self._trace_in_lane(cause, inside, lane, here)
        return replace(cause, source="error")

    def _trace_in_lane(self, cause: Cause, inside: Found, lane: Path, here: _At) -> Cause:
        made = replace(cause, point=inside[0])
        return self._made(made, inside, here.back((inside[0][0], inside[0][1] + 1), lane))

    def _of_loop(self, cause: Cause, found: Found, tree: dict[str, JsonValue], here: _At) -> Cause | None:
        """A write that a loop itself made: its item, what its variable held before, or the errors it collected."""
        (seq, number), place, _ = found
        if place[:2] == ("vars", "itemErrors"):
            return replace(cause, source="error", attempt=None, detail=str(place[-1]))
        previous = self.chronicle.macrostep(seq).writes[number - 1] if number else None
        if previous is None or previous.path[: len(here.base) + 1] != (*here.base, "frames"):
            return None
        depth = int(previous.path[len(here.base) + 1])
        if previous.value is DELETE:
            left = self.writes.tree(here.base, (seq, number - 1))["frames"][depth].get("loop") or {}
            if place[:2] != ("vars", left.get("var")):
                return None
            entered = self.writes.entered(here.base, depth, here.point)
            return (
                self._trace(cause.path, here.back(entered))
                if entered and cause.value is not DELETE
                else cause
            )
        loop = tree["frames"][depth].get("loop") if depth < len(tree["frames"]) else None
        if loop is None or place[:2] != ("vars", loop["var"]):
            return None
        return self._item(cause, loop["owner"], (loop["index"], *cause.path[2:]), depth, here)

    def _item(self, cause: Cause, owner: str, rest: Path, depth: int, here: _At) -> Cause:
        """An item of a loop."""
        step = self.chronicle.program.step(definition_path(owner))
        entered = self.writes.entered(here.base, depth, (here.point[0], here.point[1] + 1))
        made = replace(cause, source="item", detail=f"{step.id if step else owner}[{rest[0]}]")
        if step is None or step.condition is None or entered is None:
            return made
        attempt = self.chronicle.ended(entered[0])
        readings, inputs = self._reads(step.condition, rest, here.back((entered[0], 0)))
        return replace(made, attempt=attempt, readings=readings, inputs=inputs)

    # --- steps

    def _restored(self, cause: Cause, value: JsonValue, here: _At) -> Cause:
        """A value that a retry put back: by whatever had given it the same value before."""
        at = here
        while (found := self.writes.before(at.base, cause.path, at.point)) is not None:
            behind = at.back((found[0][0], found[0][1] + 1))
            now = get_path(self._tree(behind).get("envelope", {}), cause.path, DELETE)
            if now is not DELETE and now == cause.value:
                return self._trace(cause.path, behind)
            at = at.back(found[0])
        return self._began(replace(cause, point=None), at) if value is not DELETE else cause

    def _by_step(self, cause: Cause, found: Found, here: _At) -> Cause:
        """A write that a step made, or a person."""
        (seq, _), place, _ = found
        attempt = self.chronicle.ended(seq)
        command = self.chronicle.macrostep(seq).command
        made = replace(cause, attempt=attempt)
        if command not in COMMANDS:
            return replace(made, source="edit", detail=command)
        step = self._step(attempt) if attempt else None
        if attempt is None or step is None:
            return replace(made, source="start" if attempt is None else "step")
        rest = cause.path[len(place) :]
        target = next((one for one in step.targets if one.path == place), None)
        if target is not None:
            return self._assigned(made, step, target.value, rest, here)
        if place == step.save_as:
            called = f"{step.action.id}@{step.action.version}" if step.action else ""
            readings, inputs = self.given(attempt, (), here.depth)
            return replace(made, source="action", detail=called, readings=readings, inputs=inputs)
        return self._arrived(made, step, place, here)

    def _assigned(self, made: Cause, step: LinkedStep, value: t.Template, rest: Path, here: _At) -> Cause:
        narrowed = narrow(value, rest)[0]
        if isinstance(narrowed, t.Literal):
            return replace(made, source="literal")
        child = self._child(made.attempt) if step.child and made.attempt else None
        readings, inputs = self._reads(value, rest, here, child)
        return replace(made, source="expression", readings=readings, inputs=inputs)

    def _arrived(self, made: Cause, step: LinkedStep, place: Path, here: _At) -> Cause:
        """What a wait left, or an error."""
        if step.wait is not None and place[:2] in (("vars", "event"), ("vars", "eventName")):
            writes = self.chronicle.macrostep(here.point[0]).writes
            names = (write.value for write in writes if write.path[-2:] == ("vars", "eventName"))
            return replace(made, source="answer", detail=str(next(names, "")))
        if step.wait is not None and place[:2] == ("vars", "timeWait"):
            return replace(made, source="time")
        captured = {one.capture_as for one in self._all_steps() if one.capture_as}
        if place[:1] == ("error",) or place in captured:
            attempt = made.attempt
            if attempt is None:
                return replace(made, source="error")
            made_of = (
                step.condition,
                step.inputs,
                *(target.value for target in step.targets if not step.child),
            )
            templates = [one for one in made_of if one is not None]
            reads = [self._reads(one, (), here.back((attempt.seq, 0))) for one in templates]
            readings = tuple(reading for some, _ in reads for reading in some)
            inputs = tuple(cause for _, some in reads for cause in some)
            return replace(made, source="error", detail=step.id, readings=readings, inputs=inputs)
        return replace(made, source="step")

    def _all_steps(self) -> Iterator[LinkedStep]:
        return (step for steps in self.chronicle.program.blocks.values() for step in steps)

    def _step(self, attempt: Attempt) -> LinkedStep | None:
        return self.chronicle.program.step(definition_path(attempt.instance))

    def _child(self, attempt: Attempt) -> Chronicle | None:
        return self.chronicle.child(f"{attempt.instance}#{attempt.attempt}")

    # --- expressions

    def _reads(
        self, template: t.Template, rest: Path, at: _At, child: Chronicle | None = None
    ) -> tuple[tuple[Reading, ...], tuple[Cause, ...]]:
        """The expressions of a template that make the value at a path inside it, and the causes of what they read."""
        narrowed, rest = narrow(template, rest)
        readings: list[Reading] = []
        causes: dict[Path, Cause] = {}
        for expression in narrowed.expressions():
            readings.append(Reading(expression.field, expression.compiled.source))
            for path in paths(expression, rest):
                if path not in causes:
                    causes[path] = self._read(path, at.deeper(), child)
        for path, name in narrowed.secrets():
            causes["secret", *path] = Cause(self.chronicle.run_id, ("secret", name), None, "secret")
        return tuple(readings), tuple(causes.values())

    def _read(self, path: Path, at: _At, child: Chronicle | None) -> Cause:
        if path == ("nowIso()",):
            return Cause(self.chronicle.run_id, path, DELETE, "clock")
        if path[0] in ("$item", "$index"):
            return self._loop_variable(path, at)
        if path[:2] == ("vars", "childRun") and child is not None and len(path) > 2:
            inner = self._of(child).trace(path[2:], depth=at.depth)
            return Cause(
                self.chronicle.run_id, path, inner.value, "child", detail=child.run_id, inputs=(inner,)
            )
        return self._trace(path, at)

    def _loop_variable(self, path: Path, at: _At) -> Cause:
        """``$item`` and ``$index`` of the innermost loop."""
        frames = self._tree(at).get("frames", [])
        nothing = Cause(self.chronicle.run_id, path, DELETE, "index" if path[0] == "$index" else "item")
        for depth in reversed(range(len(frames))):
            loop = frames[depth].get("loop")
            if "item" in frames[depth]:
                outer = self.writes.tree(at.base[:-5], at.point)
                lanes = outer["frames"][at.base[-4]]["lanes"]
                around = at.back(at.point, at.base[:-5])
                facts = (lanes["items"], frames[depth]["item"]["index"], lanes["owner"], int(at.base[-4]))
            elif loop is not None:
                around, facts = at, (loop["items"], loop["index"], loop["owner"], depth)
            else:
                continue
            items, index, owner, where = facts
            if path[0] == "$index":
                return replace(nothing, value=index, detail=owner)
            rest, value = settled(items[index], path[1:])
            return self._item(
                replace(nothing, path=("$item", *rest), value=value), owner, (index, *rest), where, around
            )
        return nothing

    def _of(self, chronicle: Chronicle) -> Tracer:
        known = self._others.get(chronicle.run_id)
        if known is None:
            known = Tracer(chronicle, self._count)
            known._others = self._others
            self._others[chronicle.run_id] = known
        return known


def _innermost(tree: dict[str, JsonValue]) -> dict[str, JsonValue]:
    frames = tree.get("frames")
    return frames[-1] if frames else {}


def _path(entry: JsonValue) -> Path:
    """The path of a write in its stored form."""
    return tuple(entry[0])
