"""Which cell holds the value of a cell that is merged."""

from pipeline.core.model import Merge
from pipeline.core.rows.merges import Merges


def test_each_cell_of_an_area_but_the_first_is_told_by_the_first() -> None:
    """Asked for row by row, down a column that has several areas and cells of their own."""
    merges = Merges([Merge(6, 1, 7, 2), Merge(2, 1, 3, 1)])
    firsts = [merges.first_of(number, 1) for number in range(1, 9)]
    assert firsts == [None, None, "B2", None, None, None, "B6", None]
    assert [merges.first_of(6, place) for place in range(4)] == [None, None, "B6", None]
