"""Ways to replay batches: here, in a pool of processes, or on a Dask cluster. All give the same tallies.

Spans of run numbers are sent and tallies come back, both as text; whoever replays reads the store itself, by its address.
"""

from __future__ import annotations

import json
import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import suppress
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeAlias

from wfnb.backtest.batch import Bench, Chosen, Span
from wfnb.backtest.plan import Plan
from wfnb.backtest.tally import Tally
from wfnb.errors import CommandError, MissingExtraError
from wfnb.store.port import Store

__all__ = ["Way", "cluster", "here", "pool", "replay_span"]

Way: TypeAlias = Callable[[Sequence[Span]], Iterator[tuple[Span, Tally]]]
"""Replays spans in any order; each comes with its tally as soon as that is there."""

_AHEAD = 4  # batches that wait for each worker: none is idle, and a cancelled backtest ends soon


def here(store: Store, plan: Plan, chosen: Chosen) -> Way:
    """In this process."""
    bench = Bench(store, plan)

    def way(todo: Sequence[Span]) -> Iterator[tuple[Span, Tally]]:
        for span in todo:
            yield span, bench.replay(span, chosen)

    return way


def pool(store: Store, plan: Plan, chosen: Chosen, processes: int) -> Way:
    """In a pool of processes of this machine. Each is a new interpreter: nothing of this one is copied into it."""
    facts = (address_of(store), plan.to_text(), _text(chosen))

    def way(todo: Sequence[Span]) -> Iterator[tuple[Span, Tally]]:
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(processes, mp_context=context) as executor:
            under_way: dict[Future[str], Span] = {}
            queue = list(reversed(todo))
            try:
                while queue or under_way:
                    while queue and len(under_way) < processes * _AHEAD:
                        span = queue.pop()
                        under_way[executor.submit(replay_span, *facts, *span)] = span
                    for done in wait(under_way, return_when=FIRST_COMPLETED).done:
                        yield under_way.pop(done), Tally.from_text(done.result())
            finally:
                executor.shutdown(wait=True, cancel_futures=True)

    return way


def cluster(store: Store, plan: Plan, chosen: Chosen, client: Any) -> Way:
    """On a Dask cluster; its workers must reach the store by its address.

    Raises
    ------
    MissingExtraError
        Without Dask.
    """
    try:
        import distributed
    except ModuleNotFoundError:
        raise MissingExtraError(
            "A backtest on a cluster needs Dask.", hint="Install it with: pip install 'wfnb[dask]'"
        ) from None
    facts = (address_of(store), plan.to_text(), _text(chosen))

    def way(todo: Sequence[Span]) -> Iterator[tuple[Span, Tally]]:
        ahead = max(1, sum(client.nthreads().values())) * _AHEAD
        queue = list(reversed(todo))
        names: dict[str, Span] = {}

        def submit(span: Span) -> Any:
            future = client.submit(replay_span, *facts, *span, pure=False)
            names[future.key] = span
            return future

        as_completed: Any = distributed.as_completed
        futures = as_completed([submit(queue.pop()) for _ in range(min(ahead, len(queue)))])
        try:
            for future in futures:
                yield names.pop(future.key), Tally.from_text(future.result())
                if queue:
                    futures.add(submit(queue.pop()))
        finally:
            with suppress(Exception):  # a cluster that has gone has nothing left to cancel
                client.cancel(list(futures.futures))

    return way


def replay_span(address: str, plan: str, chosen: str, first: int, last: int) -> str:
    """What a worker does: the tally of one span, as text."""
    return _bench(address, plan).replay(Span(first, last), _chosen(chosen)).to_text()


@lru_cache(maxsize=4)
def _bench(address: str, plan: str) -> Bench:
    return Bench(_opened(address), Plan.from_text(plan))


def _opened(address: str) -> Store:
    if address.startswith(("postgresql://", "postgres://")):
        from wfnb.store.postgres import PostgresStore

        return PostgresStore(address)
    from wfnb.store.sqlite import SqliteStore

    return SqliteStore(Path(address))


def address_of(store: Store) -> str:
    """What another process opens a store by.

    Raises
    ------
    CommandError
        ``STORE_NOT_SHARED`` for a store that only this process has.
    """
    address: str | None = getattr(store, "address", None)
    if address is None:
        raise CommandError(
            "Other processes cannot read this store.",
            code="STORE_NOT_SHARED",
            where=store.location,
            hint="Leave out processes and client, or open the workspace on a file or a server.",
        )
    return address


def _text(chosen: Chosen) -> str:
    return json.dumps(asdict(chosen))


@lru_cache(maxsize=4)
def _chosen(text: str) -> Chosen:
    facts = json.loads(text)
    numbers = None if facts["numbers"] is None else tuple(facts["numbers"])
    return Chosen(numbers, tuple(facts["statuses"]), facts["version"], facts["tenant"])
