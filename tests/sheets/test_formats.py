"""The kinds of files that the sheets read are those that the config knows."""

from pathlib import Path

import pytest

from pipeline.config.filekinds import KINDS as FILE_KINDS
from pipeline.config.filekinds import WRITTEN_AS, is_text, output_suffix
from pipeline.config.schema import json_schema
from pipeline.sheets.formats import READERS, WRITERS

KINDS = sorted(READERS)


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_is_text_where_the_room_for_text_reads_it(kind: str) -> None:
    """By that `init` asks for a sheet's name or not, and the config takes `input.csv` or not."""
    assert is_text(Path(f"LEADS{kind.upper()}")) == READERS[kind].startswith("pipeline.sheets.text")


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_written_and_told(kind: str) -> None:
    """A sheet that can be read has a copy of a kind that can be written, and the help names it."""
    assert kind in WRITERS
    assert output_suffix(Path(f"leads{kind}")) in set(KINDS) - set(WRITTEN_AS)
    told = json_schema()["$defs"]["Input"]["properties"]["path"]["description"]
    assert f"{kind}," in told or f"{kind} " in told or f"{kind})" in told


def test_the_config_knows_every_kind() -> None:
    """So that a file of no kind is told once, by whoever reads it."""
    assert set(KINDS) == FILE_KINDS


def test_what_is_written_as_another_kind_has_a_writer_of_its_own() -> None:
    """A writer either keeps the input's kind or makes another: no file is named falsely."""
    converting = {WRITERS[kind] for kind in WRITTEN_AS}
    assert converting.isdisjoint(WRITERS[kind] for kind in KINDS if kind not in WRITTEN_AS)
