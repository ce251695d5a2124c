"""The leash: what the driver of a run knows of the hold on it, and how it gives the run back where the hold wants it to stand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet

from wfnb.debug.breakpoints import Ahead
from wfnb.debug.hold import EndedStep, Hold
from wfnb.engine.breaks import Breaks
from wfnb.engine.surroundings import Surroundings
from wfnb.machine.messages import StepCanceled, StepFailed, StepSucceeded
from wfnb.machine.state import State
from wfnb.model.paths import definition_path
from wfnb.store.records import Macrostep, RunRow
from wfnb.store.refusals import taken_over
from wfnb.validate.program import Program

__all__ = ["Leash"]

_ENDS = (StepSucceeded, StepFailed, StepCanceled)


class Leash:
    """The hold on one run. While nobody holds it, it costs a comparison with every commit."""

    def __init__(self, around: Surroundings, program: Program, run: RunRow) -> None:
        self._around = around
        self._program = program
        self._run_id = run.run_id
        self._run_no = run.run_no
        self._epoch = run.epoch
        self._text: str | None = None
        self._hold: Hold | None = None
        self._ended: EndedStep | None = None
        self._breaks: Breaks | None = None
        self._reached = False
        if run.hold is not None:  # somebody else may have driven it to the end of the step that was asked for
            self.hear(run.hold)
            last = around.store.step_before(run.run_no, run.seq)
            if last is not None:
                self._ended = EndedStep(last.end_seq or 0, last.step_id, last.instance)

    @property
    def held(self) -> bool:
        """Whether somebody holds the run: then nothing is begun together with the end of something else."""
        return self._hold is not None

    def heard(  # noqa: PLR0917 - what a commit was about
        self, text: str | None, seq: int, macrosteps: Sequence[Macrostep], before: State, state: State,
        ahead: Callable[[], tuple[str, str, str] | None],
    ) -> None:  # fmt: skip
        """What a commit told of the hold, and what it committed behind macrostep `seq`; `ahead` is the step that comes next."""
        if text is None and self._text is None:
            return
        self.hear(text)
        ended = self._ended_in(seq, macrosteps)
        self._ended = ended or self._ended
        if self._breaks is not None:
            self._reached = self._breaks.reached(
                macrosteps, before, state, ended, lambda: self._ahead(ahead())
            )

    def _ended_in(self, before: int, macrosteps: Sequence[Macrostep]) -> EndedStep | None:
        """The step that ended last in what was committed behind macrostep `before`."""
        ended = None
        for seq, macrostep in enumerate(macrosteps, before + 1):
            for event in macrostep.events:
                if isinstance(event, _ENDS):
                    error = None if isinstance(event, StepCanceled) else event.error
                    ended = EndedStep(seq, self._id(event.instance), event.instance, error)
        return ended

    def stops(self, seq: int) -> bool:
        """Whether the run is to stand still at a macrostep. A hold that is over is forgotten."""
        if self._hold is None or not self._wants(self._hold, seq):
            return False
        left = self._hold.at(self._now_us())
        if left is None:
            self._around.store.change_hold(self._run_no, self._text, None, None)
            self._hear_again()
        return self._hold is not None and self._wants(self._hold, seq)

    def _wants(self, hold: Hold, seq: int) -> bool:
        return hold.stops(seq, self._ended) or (self._breaks is not None and self._reached)

    def stand(self, *, waits: bool) -> bool:
        """Give the run back until it may go on; False when the hold has changed meanwhile.

        Raises
        ------
        StaleWriterError
            When another owner has the run.
        """
        if self._hold is None or self._text is None:
            return False
        hold = self._hold.stopped()
        ready_us = None if waits else 0
        stood = self._around.store.stand(
            self._run_no, self._epoch, self._text, hold.text, hold.until_us, ready_us
        )
        if not stood:
            self._hear_again()
        return stood

    def rest(self, wait_types: AbstractSet[str]) -> None:
        """The run was parked because it waits: what is to be answered is taken when it may go on again."""
        while self._hold is not None and not self._hold.stands and not self._hold.waits(wait_types):
            if self.stand(waits=True):
                return

    def hear(self, text: str | None) -> None:
        """What the row of the run says of a hold."""
        if text == self._text:
            return
        before, self._text, self._hold = self._hold, text, Hold.of(text)
        if self._hold is None or self._hold.go is None or not self._hold.breakpoints:
            self._breaks = None
        elif before is None or (before.go, before.breakpoints) != (self._hold.go, self._hold.breakpoints):
            self._breaks, self._reached = Breaks(self._hold.breakpoints), False

    def _hear_again(self) -> None:
        run = self._around.store.run_by_no(self._run_no)
        if run is None or run.epoch != self._epoch:
            raise taken_over(self._run_id)
        self.hear(run.hold)

    def _ahead(self, found: tuple[str, str, str] | None) -> Ahead | None:
        if found is None:
            return None
        step_id, instance, kind = found
        step = self._program.step(definition_path(instance))
        action = f"{step.action.id}@{step.action.version}" if step and step.action else None
        return Ahead(step_id, kind, instance, action)

    def _id(self, instance: str) -> str:
        step = self._program.step(definition_path(instance))
        return "" if step is None else step.id

    def _now_us(self) -> int:
        return self._around.store.now_us(self._around.clock.lease_us())
