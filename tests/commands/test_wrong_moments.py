"""Good inputs at a wrong moment: no key, a ledger that is held, a port that is taken."""

import os
import socket
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import psutil
import pytest

from pipeline.ledger.opening import open_ledger
from tests.commands.arranging import KEY, a_batch, beside, said
from tests.commands.conftest import Call, Refused

REAL = "{id: WCFG-1, base_url: 'http://127.0.0.1:9/api'}"
"""A service that needs a key, and is not there: nothing listens at the discard port."""

RUN = ("run", "batch.yaml")


def env_file(content: str | bytes) -> Callable[[Path], object]:
    """Put a file `.env` beside the config."""
    raw = content if isinstance(content, bytes) else content.encode()
    return lambda folder: (folder / ".env").write_bytes(raw)


@pytest.mark.parametrize("verb", ["run", "retry", "check"])
def test_without_a_key_the_two_places_for_it_are_named(
    refused: Refused, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, verb: str
) -> None:
    """The variable, and the file `.env` beside the config."""
    monkeypatch.delenv("COPY_AI_API_KEY")
    (line,) = refused(said(verb, "batch.yaml", workflow=REAL))
    assert line.startswith("batch.yaml, workflow.api_key_env: ")
    assert "export COPY_AI_API_KEY=…" in line
    assert str(tmp_path / ".env") in line


@pytest.mark.parametrize("key", [f"{KEY}\nX-Other: 1", f"{KEY} {KEY}", f"{KEY}\u200b", f"“{KEY}”"])
def test_a_key_that_no_header_can_carry_is_refused_and_not_told(
    refused: Refused, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    """A line break, a space, an invisible character, curly quotes: copied along by mistake."""
    monkeypatch.setenv("COPY_AI_API_KEY", key)
    (line,) = refused(said(*RUN, workflow=REAL))
    assert "in the environment" in line
    assert "copy the key again, alone" in line


def test_a_blank_key_is_none(refused: Refused, monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable that is set to white space holds no key."""
    monkeypatch.setenv("COPY_AI_API_KEY", " \n")
    (line,) = refused(said(*RUN, workflow=REAL))
    assert "holds no key" in line


@pytest.mark.parametrize("content", [b"COPY_AI_API_KEY=\xff\xfe", f"COPY_AI_API_KEY='{KEY} x'\n"])
def test_a_bad_env_file_is_named(
    refused: Refused, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: str | bytes
) -> None:
    """The key's place in a file is told as that file."""
    monkeypatch.delenv("COPY_AI_API_KEY")
    (line,) = refused(beside(env_file(content), workflow=REAL))
    assert str(tmp_path / ".env") in line


@pytest.mark.parametrize("verb", ["run", "retry"])
def test_a_batch_that_runs_elsewhere_is_left_alone(
    refused: Refused, tmp_path: Path, verb: str
) -> None:
    """The second process is told the id of the first."""

    def arrange(folder: Path) -> Sequence[str]:
        a_batch(folder)
        return [verb, "batch.yaml"]

    with open_ledger(tmp_path / "batch.ledger"):
        (line,) = refused(arrange)
    assert "batch.ledger: this batch is running elsewhere" in line
    assert f"in process {os.getpid()}" in line
    assert "wait for it to end or stop it" in line


class Partition(NamedTuple):
    """A mounted file system, as psutil tells of one."""

    mountpoint: str
    fstype: str
    opts: str = "rw"


@pytest.mark.parametrize("verb", ["run", "check"])
@pytest.mark.parametrize("kind", ["nfs4", "cifs", "fuse.sshfs"])
def test_a_ledger_on_a_network_file_system_is_refused(
    refused: Refused, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, verb: str, kind: str
) -> None:
    """Where a lock can't be trusted, no ledger is made; `check` says so as well."""
    mounted = [Partition("/", "ext4"), Partition(str(tmp_path), kind)]
    monkeypatch.setattr(psutil, "disk_partitions", lambda **_: mounted)
    (line,) = refused(said(verb, "batch.yaml"))
    assert f"batch.ledger: the ledger would lie on a network file system ({kind})" in line
    assert "name a local folder in the config's `ledger`" in line
    assert not (tmp_path / "batch.ledger").exists()


def test_a_port_that_is_taken_is_named(refused: Refused) -> None:
    """The simulator says which port, and how to get one that is free."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        (line,) = refused(said("simulate", "--port", str(port)))
    assert line.startswith(f"--port {port}: another program listens there; ")
    assert "0 for any that is free" in line


def test_places_and_keys_are_told_beside_the_faults_of_the_sheet(
    refused: Refused, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A good config over a wrong world: the sheet, the output, the ledger and the key at once."""
    monkeypatch.delenv("COPY_AI_API_KEY")
    lines = refused(
        said(
            *RUN,
            "--input",
            "gone.csv",
            workflow=REAL,
            output="{path: leads.csv/out.csv}",
            ledger="leads.csv/batch.ledger",
        )
    )
    assert len(lines) == 4
    for part, line in zip(
        ("gone.csv: ", "out.csv: ", "batch.ledger: ", ".env"), lines, strict=True
    ):
        assert part in line


def test_check_says_what_run_would_refuse(call: Call, tmp_path: Path) -> None:
    """A column of the user's that has our header is told before there is a ledger."""
    a_batch(tmp_path, rows="Company,Email\nAcme,mine\n")
    ended = call("check", "batch.yaml")
    assert (ended.exit, ended.out) == (2, "")
    assert ended.err.startswith("leads.csv!B2: ")
