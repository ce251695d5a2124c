"""Backtests as people hold them: what a version makes of the runs there were, counted by cause."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

from wfnb.backtest.batch import Span
from wfnb.backtest.journal import Journal
from wfnb.backtest.tally import CATEGORIES, Cause, Tally
from wfnb.backtest.ways import Way
from wfnb.errors import NotFoundError
from wfnb.model.values import JsonValue
from wfnb.replay import Replay
from wfnb.security.escape import escape_html, visible
from wfnb.tables import Rows, html_table

if TYPE_CHECKING:
    from wfnb.pictures import Picture

__all__ = ["Backtest", "CauseRow", "Told", "bar"]

Told = Callable[[int, int], object]
"""Is told how many numbers of runs are done, and how many there are."""

_SHOWN = 50
_WIDTH = 40


@dataclass(frozen=True)
class CauseRow:
    """A cause for which runs go another way. `share` is of all runs that were replayed, in percent."""

    no: int
    category: str
    kind: str
    step: str
    fields: str
    because: str
    runs: int
    share: float
    example: str


@dataclass(frozen=True)
class Subject:
    """What a backtest is about."""

    workflow: str
    version: int | str
    definition: dict[str, JsonValue]
    replay: Callable[[str], Replay]
    debug: Callable[[str], Any]


@dataclass
class Backtest:
    """The runs of a workflow, replayed against a version. Nothing is performed, and nothing is stored in the tables.

    Made by `Workspace.backtest`. One that is under way in the background shows how far it has come.
    """

    subject: Subject
    spans: Sequence[Span] = field(repr=False)
    way: Way = field(repr=False)
    journal: Journal = field(repr=False)
    told: Told | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        self._done = {span: tally for span, tally in self.journal.read().items() if span in set(self.spans)}
        self._resumed = len(self._done)
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None
        self._fault: BaseException | None = None
        self._seconds = 0.0

    # --- on its way

    def start(self) -> Backtest:
        """Go on in the background."""
        self._thread = threading.Thread(target=self._quietly, name="wfnb-backtest", daemon=True)
        self._thread.start()
        return self

    def _quietly(self) -> None:
        try:
            self.run()
        except BaseException as fault:  # noqa: BLE001 - told to whoever waits
            self._fault = fault

    def run(self) -> Backtest:
        """Go on here, until it is done or cancelled."""
        begun = time.perf_counter()
        todo = [span for span in self.spans if span not in self._done]
        try:
            self._tell()
            for span, tally in self.way(todo) if todo else ():
                self._done[span] = tally
                self.journal.add(span, tally)
                self._tell()
                if self._stopped.is_set():
                    break
        finally:
            self._seconds += time.perf_counter() - begun
        if self.finished:
            self.journal.close()
        return self

    def wait(self, timeout: float | None = None) -> Backtest:
        """Wait until it is done or cancelled, at most `timeout` seconds.

        Raises
        ------
        TimeoutError
            When it is not by then.
        WfnbError
            What kept it from going on.
        """
        if self._thread is not None:
            self._thread.join(timeout)
            if self._thread.is_alive():
                raise TimeoutError(f"The backtest is not done; {self.progress:.0%} are.")
        if self._fault is not None:
            raise self._fault
        return self

    def cancel(self) -> Backtest:
        """Stop after the batches that are under way. The same call of `Workspace.backtest` goes on from there."""
        self._stopped.set()
        return self

    def _tell(self) -> None:
        if self.told is not None:
            self.told(self._numbers(self._done), self._numbers(self.spans))

    @staticmethod
    def _numbers(spans: Any) -> int:
        return sum(span.last - span.first + 1 for span in spans)

    @property
    def progress(self) -> float:
        """How much is done, from 0 to 1."""
        total = self._numbers(self.spans)
        return self._numbers(self._done) / total if total else 1.0

    @property
    def finished(self) -> bool:
        """Whether all of it is done."""
        return len(self._done) == len(self.spans)

    # --- what came of it

    @property
    def tally(self) -> Tally:
        """Everything that is done so far, added up."""
        total = Tally()
        for span in self.spans:  # in their order: whoever was faster, the examples are the same
            if span in self._done:
                total += self._done[span]
        return total

    @property
    def total(self) -> int:
        """How many runs were replayed, those included that could not be."""
        return self.tally.runs

    @property
    def counts(self) -> dict[str, int]:
        """How many runs go the same way, and what becomes of the others."""
        tally = self.tally
        counts: dict[str, int] = {"same": tally.same}
        counts |= {name: 0 for name in CATEGORIES}  # noqa: C420 - keys are text here, not the literals
        for cause in tally.causes.values():
            counts[cause.category] += cause.runs
        return counts

    @property
    def identical(self) -> bool:
        """Whether all of it is done and every run goes the same way."""
        return self.finished and not self.tally.causes

    def __bool__(self) -> bool:
        return self.identical

    @property
    def causes(self) -> Rows[CauseRow]:
        """Why runs go another way: what matters most first, then what concerns most runs."""
        total = max(1, self.total)
        rows = [
            CauseRow(
                number, cause.category, cause.kind, cause.step, ", ".join(cause.fields), cause.because,
                cause.runs, round(100 * cause.runs / total, 2), cause.example,
            )
            for number, cause in enumerate(self._ordered())
        ]  # fmt: skip
        return Rows(rows, columns=tuple(one.name for one in fields(CauseRow)))

    def _ordered(self) -> list[Cause]:
        causes = self.tally.causes.values()
        return sorted(
            causes, key=lambda cause: (CATEGORIES.index(cause.category), -cause.runs, str(cause.key))
        )

    def examples(self, cause: int = 0) -> tuple[str, ...]:
        """Ids of runs that a cause concerns, at most five.

        Raises
        ------
        NotFoundError
            ``NO_SUCH_CAUSE``.
        """
        return self._cause(cause).examples

    def replay(self, cause: int = 0, *, example: int = 0) -> Replay:
        """Replay an example of a cause: recorded and now, side by side.

        Parameters
        ----------
        cause
            Its number in `causes`.
        example
            Which of `examples`.
        """
        return self.subject.replay(self._example(cause, example))

    def debug(self, cause: int = 0, *, example: int = 0) -> Any:
        """Open the debugger on the recorded run that is an example of a cause."""
        return self.subject.debug(self._example(cause, example))

    def _example(self, cause: int, example: int) -> str:
        examples = self._cause(cause).examples
        if not 0 <= example < len(examples):
            raise NotFoundError(
                f"The cause has {len(examples)} examples.", code="NO_SUCH_CAUSE", where=str(example)
            )
        return examples[example]

    def _cause(self, number: int) -> Cause:
        ordered = self._ordered()
        if not isinstance(number, int) or not 0 <= number < len(ordered):
            raise NotFoundError(
                f"There are {len(ordered)} causes.",
                code="NO_SUCH_CAUSE",
                where=visible(str(number), 40),
                hint="backtest.causes numbers them from 0.",
            )
        return ordered[number]

    # --- how it looks

    def picture(self) -> Picture:
        """The version that runs were replayed against: at each step, how many runs first go another way there."""
        from wfnb.pictures import Picture
        from wfnb.viz.overlay import Overlay
        from wfnb.viz.pictures import pipeline_figure, pipeline_svg

        counts: dict[str, int] = {}
        for cause in self.tally.causes.values():
            if cause.path and cause.kind != "missing step":  # what is gone is in no picture of what is there
                counts[cause.path] = counts.get(cause.path, 0) + cause.runs
        overlay = Overlay(counts=counts, marks=dict.fromkeys(counts, "differs"))
        definition = self.subject.definition
        return Picture(
            f"backtest of {self.subject.workflow} against {self._against}: where runs go another way",
            pipeline_svg(definition, overlay),
            lambda: pipeline_figure(definition, overlay),
        )

    @property
    def _against(self) -> str:
        version = self.subject.version
        return f"v{version}" if isinstance(version, int) else version

    def _head(self) -> str:
        told = ", ".join(
            f"{count:,} {name}" for name, count in self.counts.items() if count or name == "same"
        )
        state = "" if self.finished else f" ({self.progress:.0%} done)"
        head = f"<Backtest of {self.subject.workflow} against {self._against}{state}: {self.total:,} runs"
        return f"{head}, {told}>"

    def __repr__(self) -> str:
        causes = self.causes
        table = f"\n{Rows(causes[:_SHOWN], columns=causes.columns)!r}" if causes else ""
        more = f"\n… and {len(causes) - _SHOWN:,} more in .causes" if len(causes) > _SHOWN else ""
        return self._head() + table + more

    def _repr_mimebundle_(self, **_kwargs: Any) -> dict[str, str]:
        counts = self.counts
        total = max(1, self.total)
        shares = [[name, f"{count:,}", f"{100 * count / total:.1f} %"] for name, count in counts.items()]
        html = f"<p><b>{escape_html(self._head())}</b></p>" + html_table(("", "runs", "share"), shares)
        causes = self.causes
        if causes:
            html += Rows(causes[:_SHOWN], columns=causes.columns)._repr_html_()
        html += self.picture()._repr_mimebundle_()["text/html"]
        return {"text/plain": repr(self), "text/html": html}


def bar(done: int, total: int) -> None:
    """A bar of text on the error stream: it needs no widget, and stands in no output that is compared."""
    share = done / total if total else 1.0
    full = round(share * _WIDTH)
    end = "\n" if done >= total else ""
    sys.stderr.write(f"\r[{'#' * full}{'.' * (_WIDTH - full)}] {share:4.0%} {done:,} of {total:,}{end}")
    sys.stderr.flush()
