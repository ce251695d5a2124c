"""A ledger in a process of its own: it enters each key once, and remembers how often it was asked."""

from __future__ import annotations

import json
import os
import signal
import socket
import socketserver
import threading
from pathlib import Path
from typing import Any


class _Book(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, place: Path) -> None:
        self.entries: dict[str, dict[str, Any]] = {}
        self.lock = threading.Lock()
        super().__init__(str(place), _Desk)


class _Desk(socketserver.StreamRequestHandler):
    server: _Book

    def handle(self) -> None:
        line = self.rfile.readline()
        if not line.endswith(b"\n"):
            return  # whoever asked was killed while asking
        asked = json.loads(line)
        with self.server.lock:
            if asked is not None:
                entry = self.server.entries.setdefault(asked["key"], {"what": asked["what"], "asked": 0})
                entry["asked"] += 1
            answer = self.server.entries if asked is None else True
            self.wfile.write(json.dumps(answer).encode() + b"\n")


def open_ledger(place: Path) -> int:
    """Fork the process that keeps the ledger; its number."""
    book = _Book(place)
    pid = os.fork()
    if pid == 0:
        signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
        book.serve_forever()
    book.socket.close()
    return pid


def _ask(place: Path, question: Any) -> Any:
    with socket.socket(socket.AF_UNIX) as wire:
        wire.connect(str(place))
        wire.sendall(json.dumps(question).encode() + b"\n")
        return json.loads(wire.makefile().readline())


def enter(place: Path, key: str, what: list[Any]) -> None:
    """Enter what was done under a key, unless it is there."""
    _ask(place, {"key": key, "what": what})


def entries(place: Path) -> dict[str, dict[str, Any]]:
    """Everything that was entered, by key, with how often it was asked for."""
    found: dict[str, dict[str, Any]] = _ask(place, None)
    return found
