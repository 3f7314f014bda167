"""What always holds in a ledger, as its page tells it: by a query that finds whatever breaks it."""

import re
import sqlite3
from pathlib import Path
from typing import Final

PAGE: Final = (Path(__file__).parents[2] / "docs" / "ledger.md").read_text(encoding="utf-8")
QUERIES: Final[list[str]] = re.findall(r"^```sql\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def broken_rules(connection: sqlite3.Connection) -> list[tuple[str, int]]:
    """Which rule is broken, and of which entry; none in a ledger that is whole."""
    return [(rule, entry) for rule, entry in connection.execute(QUERIES[0])]
