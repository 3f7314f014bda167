"""What `where` finds in a sheet, and what its cells hold where it finds nothing."""

from pipeline.core.model import Uncalculated
from pipeline.core.rows.conditions import MOST_TEXTS, is_met, texts_in
from tests.core.builders import a_sheet


def test_a_condition_is_met_by_any_row_of_that_text() -> None:
    """White space around a cell's text counts for nothing, its letters' case does."""
    sheet = a_sheet(("no",), (" yes ",))
    assert is_met(sheet, {"Company": "yes"})
    assert not is_met(sheet, {"Company": "Yes"})


def test_a_row_that_can_not_be_told_is_told_by_itself() -> None:
    """A formula that was never calculated is the row's own fault, and no sign of a wrong text."""
    assert is_met(a_sheet((Uncalculated(),)), {"Company": "yes"})


def test_what_a_column_holds_is_counted() -> None:
    """As `where` compares it; of very many texts only the first."""
    sheet = a_sheet(("yes",), ("yes ",), (None,))
    assert texts_in(sheet, "Company") == {"yes": 2, "": 1}
    many = a_sheet(*((f"{n}",) for n in range(MOST_TEXTS + 5)), ("0",))
    assert (len(texts_in(many, "Company")), texts_in(many, "Company")["0"]) == (MOST_TEXTS, 2)
