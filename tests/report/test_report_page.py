"""The page tells what it is given, whatever it is given."""

import re
from datetime import UTC

from pipeline.core.model import State
from pipeline.ledger.history import TroubledRow
from pipeline.ledger.records import Tally
from pipeline.report.figures import Findings
from pipeline.report.page import ROWS_SHOWN, Subject, page
from pipeline.report.troubles import grouped

SUBJECT = Subject(
    batch="leads", config="leads.yaml", settings=(), made_at=1e9, zone=UTC, holder=None
)


def findings_of(*rows: TroubledRow) -> Findings:
    tally = Tally(rows=len(rows), states={State.FAILED: len(rows)})
    return Findings(tally, (), (), (), (), grouped(rows, 0, ()))


def a_row(number: int, error: str = "The run failed") -> TroubledRow:
    return TroubledRow(number, State.FAILED, None, None, 1, None, error)


def test_many_rows_of_a_class_are_counted_and_some_are_shown() -> None:
    """A page of a hundred thousand rows opens in no browser; none is passed over in silence."""
    made = page(SUBJECT, findings_of(*map(a_row, range(2, ROWS_SHOWN + 52))))
    assert len(re.findall(r'<th scope="row" class="number"[^>]*>', made)) == ROWS_SHOWN
    assert f"The run failed: {ROWS_SHOWN + 50} rows" in made
    assert "50 more rows are not shown here" in made


def test_the_services_words_are_shown_and_never_obeyed() -> None:
    """An error may hold whatever the service wrote: it stands there as text."""
    made = page(SUBJECT, findings_of(a_row(2, "<img src=x onerror=alert(1)> & more")))
    assert "<img" not in made
    assert "&lt;img src=x onerror=alert(1)&gt; &amp; more" in made
