"""A real PostgreSQL server for tests: its own folder, a socket in it, no network, every commit synced."""

from __future__ import annotations

import fcntl
import os
import pwd
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import psycopg
import pytest

_numbers = count(1)
MISSING = "These tests need PostgreSQL 14 or newer. Debian: apt-get install --yes postgresql"


def binaries() -> Path | None:
    """The folder of the newest server that is installed."""
    found = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4].split(".")[0])
    )
    on_path = shutil.which("initdb")
    return found[-1].parent if found else Path(on_path).parent if on_path else None


class Server:
    """A server in a folder of its own. It cannot run as root, so root lends it to the user `postgres`."""

    def __init__(self, folder: Path, bin_folder: Path) -> None:
        self.folder, self._bin = folder, bin_folder
        self._prefix = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []

    @classmethod
    def create(cls, bin_folder: Path) -> Server:
        """Make the folder and the cluster in it."""
        folder = Path(tempfile.mkdtemp(prefix="wfnb-pg-"))
        server = cls(folder, bin_folder)
        if server._prefix:
            owner = pwd.getpwnam("postgres")
            os.chown(folder, owner.pw_uid, owner.pw_gid)
        server._call("initdb", "-D", folder / "data", "-A", "trust", "-U", "wfnb", "-E", "UTF8", "--locale=C")
        return server

    def start(self) -> None:
        """Start it, and wait until it answers."""
        options = f"-c listen_addresses='' -c unix_socket_directories={self.folder} -c fsync=on"
        self._call(
            "pg_ctl", "-D", self.folder / "data", "-l", self.folder / "log", "-w", "-o", options, "start"
        )

    def stop(self, mode: str = "fast") -> None:
        """Stop it; ``immediate`` is a crash of the server."""
        self._call("pg_ctl", "-D", self.folder / "data", "-m", mode, "-w", "stop")

    def url(self, database: str = "postgres", schema: str | None = None) -> str:
        """Address of a database, as the store takes it."""
        suffix = "" if schema is None else f"&schema={schema}"
        return f"postgresql://wfnb@/{database}?host={self.folder}{suffix}"

    def make_database(self, name: str) -> None:
        """Create an empty database, unless it is there."""
        with psycopg.connect(self.url(), autocommit=True) as link:
            if not link.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchall():
                link.execute(f'CREATE DATABASE "{name}"')

    def _call(self, program: str, *words: str | Path) -> None:
        command = [*self._prefix, self._bin / program, *words]
        # Not through pipes: the server would keep them open.
        with (self.folder / "said").open("ab") as said:
            done = subprocess.run(command, cwd=self.folder, stdout=said, stderr=said, check=False)
        assert done.returncode == 0, (self.folder / "said").read_text()[-2000:]


def installed() -> Path:
    """Where the server's programs are. Without them the test is skipped aloud; on a CI machine it fails."""
    found = binaries()
    if found is None and os.environ.get("CI"):
        pytest.fail(MISSING)
    if found is None:
        pytest.skip(MISSING)
    return found


@contextmanager
def own_server() -> Iterator[Server]:
    """A server for one test, which may do with it what it likes."""
    server = Server.create(installed())
    try:
        server.start()
        yield server
        server.stop()
    finally:
        _end(server)


@contextmanager
def shared_server(meeting_point: Path) -> Iterator[Server]:
    """The server that all test processes use: the first one starts it, the last one stops it."""
    bin_folder = installed()
    with _alone(meeting_point) as notes:
        place, users = notes.read_text().partition("\n")[::2] if notes.exists() else ("", "0")
        server = Server(Path(place), bin_folder) if place else Server.create(bin_folder)
        if int(users) == 0:
            server.start()
        notes.write_text(f"{server.folder}\n{int(users) + 1}")
    try:
        yield server
    finally:
        with _alone(meeting_point) as notes:
            left = int(notes.read_text().partition("\n")[2]) - 1
            if left:
                notes.write_text(f"{server.folder}\n{left}")
            else:
                notes.unlink()
                _end(server)


@contextmanager
def _alone(meeting_point: Path) -> Iterator[Path]:
    with (meeting_point / "postgres.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield meeting_point / "postgres.notes"


def _end(server: Server) -> None:
    if (server.folder / "data" / "postmaster.pid").exists():
        server.stop("immediate")
    shutil.rmtree(server.folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The server of this test run."""
    base = tmp_path_factory.getbasetemp()
    with shared_server(base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) as server:
        yield server


@pytest.fixture(scope="session")
def postgres_database(postgres_server: Server) -> str:
    """A database of this test process."""
    name = f"tests_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    postgres_server.make_database(name)
    return name


@pytest.fixture
def postgres_url(postgres_server: Server, postgres_database: str, request: pytest.FixtureRequest) -> str:
    """Address of an empty schema."""
    word = re.sub(r"\W", "_", request.node.name).lower()[:40]
    return postgres_server.url(postgres_database, f"s{next(_numbers)}_{word}")
