"""What all who work on a shared batch must have alike in their configs."""

from pathlib import Path

import pytest

from pipeline.commands.agreeing import say_what_is_agreed, see_that_it_is_agreed
from pipeline.commands.preparing import Overrides, load_config
from pipeline.config.model import Config
from pipeline.errors import ConfigFault
from tests.journeys.running import a_batch
from tests.ledger.builders import a_ledger

MINE = {"id": "WCFG-1", "base_url": "simulator"}


def a_config(folder: Path, **sections: object) -> Config:
    """One machine's config of a batch."""
    return load_config(a_batch(folder, 1, **sections), Overrides())


def test_where_the_key_is_kept_is_each_machine_s_own(tmp_path: Path) -> None:
    """A worker whose key stands in another variable works along."""
    with a_ledger(tmp_path) as ledger:
        say_what_is_agreed(a_config(tmp_path, workflow=MINE), ledger)
        elsewhere = a_config(tmp_path, workflow={**MINE, "api_key_env": "ANOTHER"})
        see_that_it_is_agreed(elsewhere, ledger)


def test_what_differs_is_named(tmp_path: Path) -> None:
    """Each key as it stands in the config, so that it can be found there."""
    with a_ledger(tmp_path) as ledger:
        theirs = a_config(tmp_path, workflow=MINE, polling={"first": "5s"})
        say_what_is_agreed(theirs, ledger)
        mine = a_config(tmp_path, workflow={**MINE, "id": "WCFG-2"}, polling={"first": "7s"})
        with pytest.raises(ConfigFault) as fault:
            see_that_it_is_agreed(mine, ledger)
    assert fault.value.place == "batch.yaml, workflow.id, polling.first"
