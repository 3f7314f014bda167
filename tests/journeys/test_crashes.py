"""A process that dies at any commit: no row is paid twice, and nothing paid for is lost."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

from pipeline.core.model import State
from tests.world import Crash, Universe, a_sheet, in_line

T = TypeVar("T")


def test_a_death_between_the_send_and_its_record_is_found_out(tmp_path: Path) -> None:
    """The start left, the process died: its run is found, and not paid for again."""
    universe = Universe(tmp_path)
    universe.sheet = a_sheet(1)

    async def dies_after_the_send(call: Callable[[], T], /) -> T:
        if universe.remote.starts_at:
            raise Crash
        return call()

    universe.blocking = dies_after_the_send
    with pytest.raises(BaseException):  # noqa: B017, PT011  # a crash, in whatever group
        universe.call()
    assert universe.starts_by_company() == {"Company 2": 1}
    universe.blocking = in_line
    universe.call()
    assert universe.starts_by_company() == {"Company 2": 1}
    assert universe.tally().count(State.COMPLETE) == 1
