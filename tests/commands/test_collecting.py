"""The garbage collector rests while a command's parts are imported, and no longer."""

import gc
from contextlib import suppress

import pytest

from tests.commands.conftest import Call


@pytest.mark.parametrize("words", [("--help",), ("status", "--no-such-flag"), ("no-such-verb",)])
def test_what_a_command_leaves_behind_is_collected(call: Call, words: tuple[str, ...]) -> None:
    """However the reading of its words ends: a batch runs for days."""
    with suppress(SystemExit):
        call(*words)
    assert gc.isenabled()
