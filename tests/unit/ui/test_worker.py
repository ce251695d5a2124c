"""The worker of widgets: callbacks return at once, and what was asked is done in order."""

from __future__ import annotations

import threading

from unit.ui.scripted import ScriptedDebugger
from wfnb.ui.stepper import Stepper
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


def test_a_step_that_takes_long_does_not_hold_the_callback() -> None:
    entered, leave, shown = threading.Event(), threading.Event(), threading.Event()

    class Slow(ScriptedDebugger):
        def step(self) -> None:
            entered.set()
            leave.wait(60)
            super().step()

    stepper = Stepper(Slow())
    stepper.send = lambda content, buffers=None: shown.set()
    stepper._handle_custom_msg({"type": "step"}, [])
    assert entered.wait(60)
    assert not shown.is_set()
    leave.set()
    assert shown.wait(60)
