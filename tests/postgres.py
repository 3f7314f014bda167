"""A Postgres server of our own, in a temporary folder, from the packages of the system.

Where there is none, tests that need it say so and are left out; with CI_REQUIRES_ALL set they fail.
"""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import pytest

START_SECONDS = 30
DEBIANS = "usr/lib/postgresql/*/bin"
"""Where Debian puts the server's programs, below the root."""
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "shared_buffers": "64MB",
    "max_connections": "60",
}
LOCKED_USER = "locked"
"""Is asked for a password, and has none that is good."""
FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
"""A test's server need not outlive the power."""

_numbers = count(1)


class Server:
    """A running server; each of its databases is one ledger's."""

    def __init__(self, programs: Path, folder: Path, settings: dict[str, str]) -> None:
        self._programs = programs
        self._data = folder / "data"
        self._port = _free_port()
        self._settings = {**SETTINGS, "port": str(self._port), **settings}
        self._settings["unix_socket_directories"] = str(folder)
        self._log = folder / "log"
        self._process: subprocess.Popen[bytes] | None = None

    def make(self) -> None:
        """Make its data."""
        initdb = [self._programs / "initdb", "-D", self._data, "-A", "trust", "-U", "postgres"]
        subprocess.run(  # noqa: S603 - its own programs, with a list and no shell
            [*initdb, "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"],
            check=True,
            stdout=subprocess.DEVNULL,
            **_somebody(),
        )
        rules = self._data / "pg_hba.conf"
        locked = f"host all {LOCKED_USER} 127.0.0.1/32 scram-sha-256"
        rules.write_text(f"{locked}\n{rules.read_text()}")

    def start(self) -> None:
        """Start it, and wait until it takes connections."""
        words = [f"-c{name}={value}" for name, value in self._settings.items()]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - as above
                [self._programs / "postgres", "-D", self._data, *words],
                stdout=log,
                stderr=log,
                **_somebody(),
            )
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            assert self._process.poll() is None, self._log.read_text()
            assert time.monotonic() < deadline, "the server does not start"
            time.sleep(0.05)

    def stop(self, number: int = signal.SIGINT) -> None:
        """Stop it: SIGINT cuts its connections, SIGQUIT is a crash (postgresql.org, 19.5)."""
        assert self._process is not None
        self._process.send_signal(number)
        self._process.wait(START_SECONDS)

    def restart_at_once(self) -> None:
        """What `pg_ctl restart -m immediate` does: a crash, and a recovery."""
        self.stop(signal.SIGQUIT)
        self.start()

    def new_database(self) -> str:
        """The address of a database that is empty."""
        import psycopg  # noqa: PLC0415 - it is not there without the extra

        name = f"ledger_{next(_numbers)}"
        with psycopg.connect(self._url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return self._url(name)

    def _url(self, database: str) -> str:
        return f"postgresql://postgres@127.0.0.1:{self._port}/{database}"

    def _answers(self) -> bool:
        isready = [self._programs / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self._port)]
        return subprocess.run(isready, check=False).returncode == 0  # noqa: S603 - as above


@contextmanager
def a_server(programs: Path, **settings: str) -> Iterator[Server]:
    """A server in a folder of its own, gone at the end."""
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    try:
        somebody = _somebody()
        if somebody:
            os.chown(folder, somebody["user"], somebody["group"])
        server = Server(programs, folder, settings)
        server.make()
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder)


def programs() -> Path | None:
    """The folder of the server's programs; ``None``: it is not installed."""
    found = shutil.which("initdb")
    debians = sorted(Path("/").glob(DEBIANS))
    return Path(found).resolve().parent if found else debians[-1] if debians else None


def left_out(reason: str) -> None:
    """Leave a test out and say so; where everything must be tested, fail."""
    if os.environ.get("CI_REQUIRES_ALL"):
        pytest.fail(reason)
    pytest.skip(reason)


def _somebody() -> dict[str, Any]:
    """Who runs the server: it refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    account = pwd.getpwnam("postgres")
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """A Postgres server for all tests of one process."""
    found = programs()
    if found is None:
        left_out("Postgres is not installed (on Debian: apt-get install postgresql)")
        return
    try:
        import psycopg  # noqa: F401, PLC0415 - it is not there without the extra
    except ModuleNotFoundError:
        left_out("the extra `cluster` is not installed (make setup)")
        return
    with a_server(found, **FORGETFUL) as running:
        yield running
