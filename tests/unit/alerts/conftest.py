"""A receiver of webhooks for every test that wants one."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from unit.alerts.receiver import Receiver


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.release.set()
        server.shutdown()
        thread.join()
