"""What the tables hold of many runs at once, as text: a handful of queries for a span of runs, not a dozen for each run."""

from __future__ import annotations

from wfnb.machine.record import Ask, Attempt, Call, Ending, Given, Tape
from wfnb.store.database import Database, Session
from wfnb.store.statements import RECORDINGS

__all__ = ["SqlRecordings"]


class SqlRecordings:
    """Recordings of a store that understands SQL."""

    @property
    def database(self) -> Database:
        """Where the tables are."""
        raise NotImplementedError

    def recordings(self, workflow_id: str, first: int, last: int, *, whole: bool = False) -> list[Tape]:
        """What is there of a workflow's runs with numbers from `first` to `last`; see `wfnb.store.port.Store`."""
        with self.database.reading() as session:
            return _read(session, (first, last, workflow_id), whole=whole)


def _read(session: Session, span: tuple[int, int, str], *, whole: bool) -> list[Tape]:
    tapes = {row[0]: Tape(*row) for row in session.execute(RECORDINGS.runs, span)}
    if not tapes:
        return []
    for run_no, tree in session.execute(RECORDINGS.starts, span):
        tapes[run_no].start = tree
    for row in session.execute(RECORDINGS.macrosteps, span):
        tapes[row[0]].macrosteps.append(Given._make(row[1:]))
    for row in session.execute(RECORDINGS.calls, span):
        tapes[row[0]].calls.append(Call._make(row[1:]))
    for row in session.execute(RECORDINGS.attempts if whole else RECORDINGS.failures, span):
        tapes[row[0]].attempts.append(Attempt._make(row[1:]))
    for row in session.execute(RECORDINGS.waits, span):
        tapes[row[0]].waits.append(Ask._make(row[1:]))
    for run_no, *note in session.execute(RECORDINGS.notes, span):
        tapes[run_no].notes.append((note[0], note[1], note[2]))
    for run_no, effect_id, *child in session.execute(RECORDINGS.children, span):
        tapes[run_no].children[effect_id] = Ending(*child)
    return list(tapes.values())
