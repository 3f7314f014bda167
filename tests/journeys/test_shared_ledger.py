"""Several processes on one ledger: as with one, and the sheet is whole."""

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from pipeline.cli import main
from pipeline.commands import ledgers, sharedrun
from pipeline.commands.sharing import Part
from tests.journeys import running
from tests.journeys.running import (
    KEY,
    a_batch,
    a_simulator,
    command,
    pipeline,
    read_rows,
    started,
)
from tests.postgres import LOCKED_USER, Server

ROWS = 40
NOWHERE = "http://127.0.0.1:1/api"


def a_shared_batch(
    folder: Path, server: Server, base_url: str = NOWHERE, **sections: object
) -> Path:
    """A batch whose ledger is a database."""
    shared = {
        "workflow": {"id": "WCFG-1", "base_url": base_url},
        "ledger": server.new_database(),
        "retry": {"settle": "500ms"},
    }
    return a_batch(folder, ROWS, **shared | sections)


@pytest.fixture(autouse=True)
def _the_key_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a user's shell."""
    monkeypatch.setenv("COPY_AI_API_KEY", KEY)


def soon_given_up(*arguments: object) -> list[str]:
    """A command line whose workers are given up soon."""
    return [sys.executable, "-m", "tests.journeys.soon_given_up", *map(str, arguments)]


def refused(capsys: pytest.CaptureFixture[str], *words: object) -> str:
    """The one line by which a command is refused."""
    assert main([*map(str, words)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    return line


def summary(capsys: pytest.CaptureFixture[str], *words: object) -> dict[str, object]:
    """What a command that ends well sums up."""
    assert main([*map(str, words), "--json"]) == 0
    summed: dict[str, object] = json.loads(capsys.readouterr().out)
    return summed


@pytest.mark.slow
def test_one_machine_does_all_of_it(
    tmp_path: Path, server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    """`run` alone is enough, a second one pays for nothing, and every other command agrees."""
    with a_simulator("--port", "0", "--duration", "200ms") as service:
        config = a_shared_batch(tmp_path, server, service.base_url)
        ended = pipeline("run", config, "--json")
        assert ended.exit == 0, ended.err
        assert ended.summary["complete"] == ROWS
        assert ended.summary["requests"]["start"] == ROWS
        assert {row["Status"] for row in read_rows(tmp_path / "rows.done.csv")} == {"complete"}
        assert summary(capsys, "run", config)["reused"] == ROWS
        assert summary(capsys, "status", config)["credits"] == ROWS * 2
        assert main(["check", str(config)]) == 0
        assert main(["export", str(config), "--output", str(tmp_path / "so-far.csv")]) == 0
        assert service.count()["accepted"] == ROWS


@pytest.mark.slow
@pytest.mark.parametrize(
    ("cap", "paid", "told"),
    [
        ({"max_credits": 1000}, ROWS, ""),
        ({"max_credits": 6, "credits_per_run": 2}, 3, "Stopped early: limits.max_credits is 6"),
        ({"max_credits": 7}, 3, "Stopped early: limits.max_credits is 7"),
    ],
)
def test_a_cap_on_credits_is_kept_and_keeps_none_waiting(
    tmp_path: Path, server: Server, cap: dict[str, float], paid: int, told: str
) -> None:
    """As many rows as it pays for, and then the call ends and says so; `run` alone is enough."""
    with a_simulator("--port", "0", "--duration", "100ms") as service:
        limits = {"rate": "40/s", **cap}
        config = a_shared_batch(tmp_path, server, service.base_url, limits=limits)
        ended = pipeline("run", config, "--json")
        assert ended.exit == (3 if told else 0), ended.err
        assert told in ended.err
        assert (ended.summary["complete"], ended.summary["credits"]) == (paid, paid * 2)
        assert ended.summary["pending"] == ROWS - paid
        assert service.count()["accepted"] == paid


@pytest.mark.slow
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
def test_who_hears_of_the_end_changes_no_exit_code(tmp_path: Path, server: Server) -> None:
    """A batch that is complete ends with 0, though its summary can't be written."""
    with a_simulator("--port", "0", "--duration", "0s") as service:
        config = a_shared_batch(tmp_path, server, service.base_url)
        with Path("/dev/full").open("wb") as full:
            ended = subprocess.run(  # noqa: S603 - our own words
                command("run", config),
                stdin=subprocess.DEVNULL,
                stdout=full,
                stderr=subprocess.PIPE,
                text=True,
                check=False,
            )
    assert ended.returncode == 0, ended.stderr
    assert "stdout: it can't be written to" in ended.stderr


@pytest.mark.slow
def test_workers_take_part_and_leave_when_told(
    tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that is killed or told to leave leaves nothing behind that is not done by others."""
    with a_simulator("--port", "0", "--duration", "500ms") as service:
        config = a_shared_batch(tmp_path, server, service.base_url, limits={"rate": "40/s"})
        monkeypatch.setattr(running, "command", soon_given_up)
        with started("run", config) as caller:
            service.until(1, caller)
            with started("worker", config) as one, started("worker", config) as other:
                for worker in (one, other):
                    assert worker.stderr is not None
                    assert worker.stderr.readline().startswith("Working on")
                service.until(ROWS // 2, caller)
                caller.kill()
                one.kill()
                other.terminate()
                assert [one.wait(30), other.wait(30)] == [-9, 143]
        ended = pipeline("run", config, "--json")
        assert (ended.exit, ended.summary["complete"]) == (0, ROWS), ended.err
        assert set(service.starts_by_company().values()) == {1}


@pytest.mark.slow
def test_a_server_that_crashes_is_waited_for(
    tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line tells it, whatever broke, and nothing is paid twice or left.

    The tests' server would forget its last commits; the ledger does not let it.
    """
    with a_simulator("--port", "0", "--duration", "200ms") as service:
        config = a_shared_batch(tmp_path, server, service.base_url, limits={"rate": "40/s"})
        monkeypatch.setattr(running, "command", soon_given_up)
        with started("run", config) as caller:
            service.until(ROWS // 4, caller)
            server.restart_at_once()
            _, told = caller.communicate(timeout=40)
        assert caller.returncode == 0, told
        lost = [line for line in told.splitlines() if "tried again for 120 s" in line]
        assert len(lost) == 1, told
        assert "Traceback" not in told
        assert set(service.starts_by_company().values()) == {1}


@pytest.mark.parametrize(
    "words", [("retry",), ("run", "--limit", "3"), ("run", "--fresh"), ("statement",), ("watch",)]
)
def test_what_a_file_alone_can_do_is_refused(
    tmp_path: Path, server: Server, words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    """One line says so, and nothing is started."""
    config = a_shared_batch(tmp_path, server)
    assert "not supported yet" in refused(capsys, words[0], config, *words[1:])


@pytest.mark.parametrize("verb", ["run", "worker", "check"])
def test_pushes_are_refused(
    tmp_path: Path, server: Server, verb: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """They would come to one machine, and the run may be another's."""
    webhook = {"listen": "127.0.0.1:8765", "public_url": "http://127.0.0.1:8765"}
    line = refused(capsys, verb, a_shared_batch(tmp_path, server, webhook=webhook))
    assert "webhook: this is not supported yet" in line


def test_a_worker_needs_a_ledger_that_is_shared(
    tmp_path: Path, server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file has one holder, and a database in which nothing was begun has nothing to do."""
    assert "pipeline run" in refused(capsys, "worker", a_batch(tmp_path, 1))
    config = a_shared_batch(tmp_path, server)
    assert "no batch is there yet" in refused(capsys, "worker", config)


@pytest.mark.parametrize(
    ("sections", "key"),
    [
        ({"limits": {"rate": "7/s"}}, "limits.rate"),
        ({"workflow": {"id": "WCFG-2", "base_url": NOWHERE}}, "workflow.id"),
        ({"retry": {"settle": "9s"}}, "retry.settle"),
    ],
)
def test_a_worker_with_another_config_is_refused(  # noqa: PLR0913, PLR0917 - a table's columns
    tmp_path: Path,
    server: Server,
    sections: dict[str, object],
    key: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It would start rows by what nobody asked for; the line names the key."""
    monkeypatch.setattr(sharedrun, "take_part", lambda *_, **__: Part())
    ledger = server.new_database()
    assert main(["run", str(a_shared_batch(tmp_path, server, ledger=ledger))]) == 3
    capsys.readouterr()
    other = a_shared_batch(tmp_path, server, **{"ledger": ledger, **sections})
    assert f"batch.yaml, {key}: not as in the config" in refused(capsys, "worker", other)


@pytest.mark.parametrize("verb", ["run", "worker", "status"])
def test_a_server_that_is_away_is_one_line(
    tmp_path: Path, server: Server, verb: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """It says where, and neither user nor traceback."""
    ledger = "postgresql://somebody@127.0.0.1:1/ledger"
    line = refused(capsys, verb, a_shared_batch(tmp_path, server, ledger=ledger))
    assert "postgresql://127.0.0.1/ledger: the ledger's server can't be reached" in line
    assert "somebody" not in line


@pytest.mark.parametrize("password", [None, "a-wrong-one"])
@pytest.mark.parametrize("verb", ["run", "worker"])
def test_a_password_that_is_wrong_is_one_line(  # noqa: PLR0913, PLR0917 - a table's columns
    tmp_path: Path,
    server: Server,
    verb: str,
    password: str | None,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It says by which way one is given, and never repeats it."""
    monkeypatch.delenv("PGPASSWORD", raising=False)
    if password is not None:
        monkeypatch.setenv("PGPASSWORD", password)
    ledger = server.new_database().replace("postgres@", f"{LOCKED_USER}@")
    line = refused(capsys, verb, a_shared_batch(tmp_path, server, ledger=ledger))
    assert "can't be reached" in line
    assert "PGPASSWORD or pgpass" in line
    assert "a-wrong-one" not in line


@pytest.mark.parametrize("verb", ["run", "worker", "status"])
def test_a_missing_extra_is_one_line(
    tmp_path: Path,
    server: Server,
    verb: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It says how to install it."""
    monkeypatch.setattr(ledgers, "find_spec", lambda name: None if name == "psycopg" else find_spec)
    assert "setup-cluster" in refused(capsys, verb, a_shared_batch(tmp_path, server))
