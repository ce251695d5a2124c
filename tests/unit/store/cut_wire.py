"""A wire to a PostgreSQL server that can be cut at the worst moment: between a commit and its acknowledgement."""

from __future__ import annotations

import socket
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal

from postgres_server import Server

SYNC = b"S\x00\x00\x00\x04"  # the end of what a client sends in one go
READY = b"Z\x00\x00\x00\x05"  # with one letter more, the end of what the server answers to it
SOCKET = ".s.PGSQL.5432"


class Wire:
    """Passes on what client and server say to each other, until it is told to cut."""

    def __init__(self, folder: Path, server: Server) -> None:
        self.folder = folder
        self.cuts = 0
        self._order: Literal["question", "answer"] | None = None
        self._after = 0
        self._server = str(server.folder / SOCKET)
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(str(folder / SOCKET))
        self._listening.listen()
        self._ends: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def url(self, server_url: str) -> str:
        """The address of a database of the server, over this wire."""
        return server_url.replace(self._server.removesuffix(f"/{SOCKET}"), str(self.folder))

    def cut(self, lose: Literal["question", "answer"], *, after: int = 0) -> None:
        """Lose the next thing that is said: before the server hears it, or before the client hears its answer."""
        self._order, self._after = lose, after

    def close(self) -> None:
        _shut(self._listening, *self._ends)
        for thread in self._threads:
            thread.join()
        for end in (self._listening, *self._ends):
            end.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                server = socket.socket(socket.AF_UNIX)
                server.connect(self._server)
                self._ends += [client, server]
                deaf = threading.Event()
                for pump in (self._to_server, self._to_client):
                    thread = threading.Thread(target=pump, args=(client, server, deaf), daemon=True)
                    self._threads.append(thread)
                    thread.start()

    def _to_server(self, client: socket.socket, server: socket.socket, deaf: threading.Event) -> None:
        with suppress(OSError):
            while said := client.recv(1 << 16):
                order = self._due(said)
                if order == "question":
                    break
                if order == "answer":
                    deaf.set()
                server.sendall(said)
        _shut(client, server)

    def _to_client(self, client: socket.socket, server: socket.socket, deaf: threading.Event) -> None:
        with suppress(OSError):
            while said := server.recv(1 << 16):
                if not deaf.is_set():
                    client.sendall(said)
                elif READY in said[-6:]:
                    break
        _shut(client, server)

    def _due(self, said: bytes) -> str | None:
        if self._order is None or SYNC not in said[-10:]:  # a wish to flush may follow it
            return None
        if self._after:
            self._after -= 1
            return None
        order, self._order = self._order, None
        self.cuts += 1
        return order


def _shut(*ends: socket.socket) -> None:
    for end in ends:
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


@contextmanager
def wire_to(server: Server) -> Iterator[Wire]:
    """A wire to a server."""
    with tempfile.TemporaryDirectory(prefix="wfnb-wire-") as folder:
        wire = Wire(Path(folder), server)
        try:
            yield wire
        finally:
            wire.close()
