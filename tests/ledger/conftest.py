"""The places where a ledger can be kept: what holds for one holds for all of them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ledger.builders import Place
from tests.postgres import FORGETFUL, Server, a_server, left_out, programs


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


@pytest.fixture(params=["file", "server"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """A place for a ledger that was never used."""
    if request.param == "file":
        return tmp_path
    running: Server = request.getfixturevalue("server")
    return running.new_database()
