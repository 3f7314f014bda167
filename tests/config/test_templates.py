"""What a template may say."""

import pytest

from pipeline.config.values.templates import read_template
from pipeline.config.values.units import ValueFault


@pytest.mark.parametrize(
    ("source", "columns"),
    [
        ("{{ row.Company }}", {"Company"}),
        ("{{ row['First name'] }} of {{ row.Company }}", {"First name", "Company"}),
        ("{{ row.Company }} {{ row.Company.upper() }}", {"Company"}),
        ("{% if row.URL %}{{ row.URL | lower }}{% endif %}", {"URL"}),
        ("{% set name = row.Name %}{{ name }}", {"Name"}),
        ("{% for n in range(2) %}{{ row['A'] }}{% endfor %}", {"A"}),
        ("the same for all", set()),
    ],
)
def test_the_columns_of_a_template_are_known_before_a_row_is_read(
    source: str, columns: set[str]
) -> None:
    """Each column that a template asks for is told, once."""
    template = read_template(source)
    assert set(template.columns) == columns
    assert len(template.columns) == len(columns)
    assert template.source == source


@pytest.mark.parametrize(
    ("source", "wrong", "remedy"),
    [
        ("{{ row.Company ", "line 1", "{{ row.Company }}"),
        ("a\n{{ row.X | nosuch }}", "line 2", "row"),
        ("{{ Company }}", "'Company'", "{{ row.Company }}"),
        ("{{ row }}", "row without a column", "row['First name']"),
        ("{% for cell in row %}{% endfor %}", "row without a column", "row.Company"),
        ("{{ row[0] }}", "something else than a text", "row.Company"),
        ("{% set c = 'A' %}{{ row[c] }}", "something else than a text", "row.Company"),
        ("{{ row['First  name'] }}", "no column's name", "row['First name']"),
        ("{{ [row.A, row.B] | random }}", "pay for all rows again", "leave it out"),
        ("{{ lipsum() }}{{ row.A }}", "pay for all rows again", "leave it out"),
        ("{% include 'other' %}", "another file", "one template"),
        ("", "no text", "row.Company"),
        (5, "no text", "row.Company"),
    ],
)
def test_a_template_that_can_fail_for_every_row_is_a_fault_of_the_config(
    source: object, wrong: str, remedy: str
) -> None:
    """What no row could mend is told before the first row is read."""
    with pytest.raises(ValueFault) as caught:
        read_template(source)
    assert wrong in caught.value.wrong
    assert remedy in caught.value.remedy
