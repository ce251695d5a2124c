"""What a process prints and logs: secrets of the calls that are under way are masked in it."""

from __future__ import annotations

import logging
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from wfnb.security.taint import Taint

__all__ = ["masked_output"]

_lock = threading.Lock()
_taints: Counter[Taint] = Counter()
_streams: dict[str, _Masked] = {}
_make_record = logging.getLogRecordFactory()


class _Masked:
    """A stream that masks what is written to it."""

    def __init__(self, stream: Any) -> None:
        self.stream = stream

    def write(self, text: str) -> int:
        self.stream.write(_masked(text))
        return len(text)

    def writelines(self, lines: Any) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


@contextmanager
def masked_output(taint: Taint) -> Iterator[None]:
    """While the block runs, nothing that Python prints or logs in this process shows a secret of `taint`.

    Streams belong to the process, so it holds for every thread: an action may start some. What a child process writes, and
    what is written to a file descriptor directly, is not seen here.

    Examples
    --------
    >>> with masked_output(Taint(["hunter2"])):
    ...     print("login with hunter2")
    login with [REDACTED]
    """
    if not taint:
        yield
        return
    with _lock:
        if not _taints:
            _begin()
        _taints[taint] += 1
    try:
        yield
    finally:
        with _lock:
            _taints[taint] -= 1
            if not _taints[taint]:
                del _taints[taint]
            if not _taints:
                _end()


def _begin() -> None:
    global _make_record  # noqa: PLW0603 - there is one factory of log records in a process
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is not None:  # programs without a console have none
            _streams[name] = _Masked(getattr(sys, name))
            setattr(sys, name, _streams[name])
    _make_record = logging.getLogRecordFactory()
    logging.setLogRecordFactory(_record)


def _end() -> None:
    for name, masked in _streams.items():
        if getattr(sys, name) is masked:  # else somebody has put another one in its place
            setattr(sys, name, masked.stream)
    _streams.clear()
    if logging.getLogRecordFactory() is _record:
        logging.setLogRecordFactory(_make_record)


def _masked(text: str) -> str:
    for taint in tuple(_taints):
        text = taint.text(text)
    return text


def _record(*args: Any, **kwargs: Any) -> logging.LogRecord:
    record = _make_record(*args, **kwargs)
    try:
        text = record.getMessage()
    except Exception:  # noqa: BLE001 - arguments that do not fit their text are told by logging itself, without secrets
        record.msg, record.args, text = _masked(f"{record.msg} {record.args}"), (), ""
    if (masked := _masked(text)) != text:
        record.msg, record.args = masked, ()
    if record.exc_info and record.exc_info[0] is not None:
        trace = logging.Formatter().formatException(record.exc_info)
        if (masked := _masked(trace)) != trace:
            record.exc_text, record.exc_info = masked, None
    return record
