"""The ledger's page names all of the schema, and its queries run on a real ledger."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from importlib import resources

import pytest

from pipeline.core.model import State
from tests.journeys.running import a_batch, pipeline, write_rows
from tests.ledger.rules import PAGE, QUERIES, broken_rules


def _names_of_the_schema() -> list[tuple[str, str]]:
    schema = resources.files("pipeline.ledger").joinpath("schema.sql").read_text(encoding="utf-8")
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(schema)
        tables = connection.execute(
            "SELECT name FROM sqlite_master WHERE type IN ('table', 'view')"
        )
        return [
            (table, column[1])
            for (table,) in tables.fetchall()
            for column in connection.execute(f"PRAGMA table_info({table})")
        ]


def _section_of(table: str) -> str:
    """The page's part on a table; for a view, all of them: it shows the tables' columns."""
    _, found, rest = PAGE.partition(f"**`{table}`**")
    return re.split(r"^(?:##|\*\*)", rest, maxsplit=1, flags=re.MULTILINE)[0] if found else PAGE


@pytest.mark.parametrize(
    ("table", "column"),
    [pytest.param(*names, id=".".join(names)) for names in _names_of_the_schema()],
)
def test_every_table_view_and_column_is_told(table: str, column: str) -> None:
    """Whoever opens the file finds each name in the page, in the part on its table."""
    assert f"`{table}`" in PAGE
    assert f"`{column}`" in _section_of(table)


def test_every_state_is_told() -> None:
    """The page's table of states is that of the program."""
    table = PAGE.split("## States\n", 1)[1].split("\n## ", 1)[0]
    assert re.findall(r"^\| `(\w+)`", table, re.MULTILINE) == [str(state) for state in State]


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    """A ledger with failures, doubts, a new attempt and a row that left the sheet; read-only."""
    folder = tmp_path_factory.mktemp("ledger")
    config = a_batch(
        folder,
        12,
        simulator={"duration": "0s", "fail": 0.3, "faults": {"lost_reply": 0.2}},
        retry={"failed": 1, "unconfirmed": "hold"},
    )
    pipeline("run", config)
    write_rows(folder / "rows.csv", [[f"Company {n}", n] for n in range(9)], ["Company", "Nr"])
    pipeline("run", config)
    uri = f"{(folder / 'batch.ledger').as_uri()}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True)) as connection:
        yield connection


def test_nothing_in_a_real_ledger_breaks_the_rules(ledger: sqlite3.Connection) -> None:
    """The page's first query finds nothing wrong."""
    assert broken_rules(ledger) == []


BREAKS = {
    "an attempt has a higher number": "UPDATE attempt SET number = 9 WHERE number = 2",
    "an older attempt is open": "UPDATE attempt SET state = 'starting' WHERE number < "
    "(SELECT attempts FROM entry WHERE id = entry_id)",
    "its attempt is failed": "UPDATE entry SET state = 'complete' WHERE state = 'failed'",
    "complete without a run": "UPDATE attempt SET run_id = NULL WHERE state = 'complete'",
}


@pytest.mark.parametrize(("told", "change"), BREAKS.items(), ids=BREAKS)
def test_what_breaks_a_rule_is_found(ledger: sqlite3.Connection, told: str, change: str) -> None:
    """Each rule is looked for by the page's first query."""
    with closing(sqlite3.connect(":memory:")) as broken:
        ledger.backup(broken)
        broken.execute(change)
        assert any(rule.startswith(told) for rule, _ in broken_rules(broken))


@pytest.mark.parametrize("number", range(1, len(QUERIES)))
def test_each_query_of_the_page_finds_what_it_looks_for(
    ledger: sqlite3.Connection, number: int
) -> None:
    """On a ledger that has such rows, none of them comes back empty."""
    assert ledger.execute(QUERIES[number]).fetchall()
