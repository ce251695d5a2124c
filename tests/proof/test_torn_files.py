"""R5. A log that was cut off anywhere opens as an exact prefix; spoiled bytes are found.

The log of SQLite carries a checksum over each frame and all before it, so nothing that is torn there is ever taken for data.
A file that was begun with checksums carries one over each page, and a changed value in it is never told. Of one without them
it is counted and published what flipped bits do; only untyped errors are failures there.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from proof.effort import LONG, count
from proof.torn import Files, outcome, written
from wfnb.errors import WfnbError

TEARS = count("TEARS", short=120, long=6_000)
FLIPS = count("FLIPS", short=250, long=20_000)
SEED = count("SEED", short=1, long=1)
HEADER, FRAME = 32, 4096 + 24
PARTS = 2


@pytest.fixture(scope="module", params=[True, False], ids=["with checksums", "without"])
def summed(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture(scope="module")
def both(summed: bool, tmp_path_factory: pytest.TempPathFactory) -> tuple[Files, bytes]:
    return written(tmp_path_factory.mktemp("whole"), "child", checksums=summed)


def cuts(length: int, chance: random.Random) -> list[int]:
    """Where the log is cut: at the ends of frames and beside them, at every byte of one frame, and anywhere."""
    ends = [end + beside for end in range(HEADER, length + 1, FRAME) for beside in (-1, 0, 1)]
    whole = HEADER + FRAME * (length // FRAME // 2)
    inside = range(whole, whole + FRAME) if LONG else ()
    chosen = {*chance.sample(ends, min(len(ends), TEARS // 2)), *inside}
    chosen |= {chance.randrange(length + 1) for _ in range(TEARS - len(chosen))}
    return sorted(cut for cut in {0, length, *chosen} if 0 <= cut <= length)


def test_a_log_cut_off_anywhere_opens_as_an_exact_prefix(
    both: tuple[Files, bytes], tmp_path: Path, note: Callable[..., None]
) -> None:
    files, _ = both
    place = {page: number for number, page in enumerate(files.pages)}
    assert len(place) == len(files.pages) > 10
    reached = 0
    tried = cuts(len(files.log), random.Random(SEED))
    for cut in tried:
        found = outcome(tmp_path, files.main, files.log[:cut])
        assert isinstance(found, str), (cut, found)
        assert found in place, ("this was never in the file", cut)
        assert place[found] >= reached, ("a longer log says less", cut)
        reached = place[found]
    assert reached == len(files.pages) - 1
    note("R5", bytes_torn=len(tried))
    note("R5, log cut off", tried=len(tried), states=len(place))


@pytest.mark.parametrize("part", range(PARTS))
def test_a_spoiled_log_opens_as_an_exact_prefix(
    both: tuple[Files, bytes], tmp_path: Path, note: Callable[..., None], part: int
) -> None:
    files, _ = both
    chance = random.Random(f"{SEED} log {part}")
    counts: Counter[str] = Counter()
    for _ in range(FLIPS // PARTS // 2):
        log, where = flipped(files.log, chance)
        found = outcome(tmp_path, files.main, log)
        assert isinstance(found, WfnbError) or found in files.pages, ("silent", where)
        counts["refused" if isinstance(found, WfnbError) else "prefixes"] += 1
    note("R5", bytes_torn=counts.total())
    note("R5, log spoiled", silent=0, **counts)


@pytest.mark.parametrize("part", range(PARTS))
def test_a_spoiled_file_is_refused_or_says_what_it_said(
    both: tuple[Files, bytes], summed: bool, tmp_path: Path, note: Callable[..., None], part: int
) -> None:
    _, main = both
    chance = random.Random(f"{SEED} main {part}")
    whole = outcome(tmp_path, main)
    counts: Counter[str] = Counter(silent=0)
    wrong = []
    for _ in range(FLIPS // PARTS):
        spoiled, where = flipped(main, chance)
        try:
            found = outcome(tmp_path, spoiled)
        except Exception as error:  # noqa: BLE001 - that is what this test is about
            wrong.append((where, repr(error)[:200]))
            continue
        kind = "refused" if isinstance(found, WfnbError) else "harmless" if found == whole else "silent"
        counts[kind] += 1
        if kind == "silent" and summed:
            wrong.append((where, "a changed value is told"))
    assert not wrong, (len(wrong), wrong[:5])
    note("R5", bytes_torn=counts.total())
    note("R5, file with checksums spoiled" if summed else "R5, file without checksums spoiled", **counts)


def flipped(data: bytes, chance: random.Random) -> tuple[bytes, str]:
    """The bytes with one bit flipped, or some of them lost to zeros; and where."""
    at = chance.randrange(len(data))
    if chance.random() < 0.8:
        bit = 1 << chance.randrange(8)
        return data[:at] + bytes([data[at] ^ bit]) + data[at + 1 :], f"byte {at}, bit {bit}"
    length = min(chance.choice((1, 16, 512, 4096)), len(data) - at)
    return data[:at] + bytes(length) + data[at + length :], f"bytes {at} to {at + length}"
