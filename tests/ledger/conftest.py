"""The places where a ledger can be kept: what holds for one holds for all of them."""

from pathlib import Path

import pytest

from tests.ledger.builders import Place
from tests.postgres import Server, server

__all__ = ["place", "server"]


@pytest.fixture(params=["file", "server"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """A place for a ledger that was never used."""
    if request.param == "file":
        return tmp_path
    running: Server = request.getfixturevalue("server")
    return running.new_database()
