"""Several processes on one ledger: as with one, and the sheet is whole."""

from pathlib import Path

import pytest

from tests.journeys.running import a_batch, a_simulator, pipeline, read_rows, started
from tests.postgres import Server

ROWS = 40


def a_shared_batch(folder: Path, server: Server, base_url: str, **sections: object) -> Path:
    """A batch whose ledger is a database."""
    return a_batch(
        folder,
        ROWS,
        workflow={"id": "WCFG-1", "base_url": base_url},
        ledger=server.new_database(),
        retry={"settle": "2s"},
        **sections,
    )


def test_one_machine_does_all_of_it(tmp_path: Path, server: Server) -> None:
    """`run` alone is enough, a second one pays for nothing, and every other command agrees."""
    with a_simulator("--port", "0", "--duration", "200ms") as service:
        config = a_shared_batch(tmp_path, server, service.base_url)
        ended = pipeline("run", config, "--json")
        assert ended.exit == 0, ended.err
        assert ended.summary["complete"] == ROWS
        assert ended.summary["requests"]["start"] == ROWS
        assert {row["Status"] for row in read_rows(tmp_path / "rows.done.csv")} == {"complete"}
        again = pipeline("run", config, "--json")
        assert (again.exit, again.summary["reused"]) == (0, ROWS)
        assert pipeline("status", config, "--json").summary["credits"] == ROWS * 2
        assert pipeline("check", config).exit == 0
        assert pipeline("export", config, "--output", tmp_path / "so-far.csv").exit == 0
        assert service.count()["accepted"] == ROWS


def test_workers_take_part_and_leave_when_told(tmp_path: Path, server: Server) -> None:
    """A worker that is killed or told to leave leaves nothing behind that is not done by others."""
    with a_simulator("--port", "0", "--duration", "500ms") as service:
        config = a_shared_batch(tmp_path, server, service.base_url, limits={"rate": "20/s"})
        with started("run", config) as caller:
            service.until(1, caller)
            with started("worker", config) as one, started("worker", config) as other:
                service.until(ROWS // 2, caller)
                caller.kill()
                one.kill()
                other.terminate()
                assert [one.wait(30), other.wait(30)] == [-9, 143]
        ended = pipeline("run", config, "--json")
        assert (ended.exit, ended.summary["complete"]) == (0, ROWS)
        assert set(service.starts_by_company().values()) == {1}


@pytest.mark.parametrize(
    "words", [("retry",), ("run", "--limit", "3"), ("run", "--fresh"), ("statement",), ("watch",)]
)
def test_what_a_file_alone_can_do_is_refused(
    tmp_path: Path, server: Server, words: tuple[str, ...]
) -> None:
    """One line says so, and nothing is started."""
    config = a_shared_batch(tmp_path, server, "http://127.0.0.1:1/api")
    ended = pipeline(words[0], config, *words[1:])
    assert ended.exit == 2
    assert ended.err.count("\n") == 1
    assert "not supported yet" in ended.err


def test_a_worker_needs_a_ledger_that_is_shared(tmp_path: Path, server: Server) -> None:
    """A file has one holder, and a database in which nothing was begun has nothing to do."""
    ended = pipeline("worker", a_batch(tmp_path, 1))
    assert (ended.exit, "pipeline run" in ended.err) == (2, True)
    ended = pipeline("worker", a_shared_batch(tmp_path, server, "http://127.0.0.1:1/api"))
    assert (ended.exit, "no batch is there yet" in ended.err) == (2, True)


def test_a_server_that_is_away_is_one_line(tmp_path: Path) -> None:
    """It says where, and neither user nor traceback."""
    config = a_batch(
        tmp_path,
        1,
        workflow={"id": "WCFG-1", "base_url": "http://127.0.0.1:1/api"},
        ledger="postgresql://somebody@127.0.0.1:1/ledger",
    )
    ended = pipeline("run", config)
    assert ended.exit == 2
    assert ended.err.count("\n") == 1
    assert "somebody" not in ended.err
