"""The worker of widgets: callbacks return at once, and what was asked is done in order."""

from __future__ import annotations

import threading

import pytest

from unit.ui.orders import order
from wfnb.ui.debugger import DebuggerWidget
from wfnb.ui.worker import Worker


def test_calls_are_done_in_order_on_another_thread() -> None:
    done: list[int] = []
    names: set[str] = set()
    end = threading.Event()
    worker = Worker()
    for number in range(50):
        worker(lambda number=number: (done.append(number), names.add(threading.current_thread().name)))
    worker(end.set)
    assert end.wait(60)
    assert done == list(range(50))
    assert names == {"wfnb-widget"}


def test_a_step_that_takes_long_does_not_hold_the_callback(monkeypatch: pytest.MonkeyPatch) -> None:
    entered, leave, shown = threading.Event(), threading.Event(), threading.Event()
    debugger = order()
    step = debugger.step

    def slow() -> None:
        entered.set()
        leave.wait(60)
        step()

    monkeypatch.setattr(debugger, "step", slow)
    widget = DebuggerWidget(debugger)
    widget.send = lambda content, buffers=None: shown.set()
    widget._handle_custom_msg({"type": "step"}, [])
    assert entered.wait(60)
    assert not shown.is_set()
    leave.set()
    assert shown.wait(60)
