"""What `init` writes is a config."""

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from random import Random

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline.config.load import Draft, parse
from pipeline.config.sample import Table, sample_config
from pipeline.core.rows.cells import column_names
from pipeline.core.rows.variables import FromColumn

SIGNS = ":#'\"=-?!&*%@`{}[],|>~<0123 yesnofaltru\u00fc\x85\u2028\ufeff\x07"

HEADERS = st.lists(
    st.one_of(
        st.text(max_size=12),
        st.text(alphabet=SIGNS, max_size=8),
        st.sampled_from(["Status", "Error", "yes", "NULL", "0o17", "1e5", "<<", "=", "---", "1.5"]),
    ),
    min_size=1,
    max_size=8,
)  # fmt: skip


def a_table(
    columns: Sequence[str] = ("Company", "URL"),
    blanks: Collection[str] = ("URL",),
    sheet: str | None = "Leads",
) -> Table:
    return Table("../data/leads.xlsx", sheet, 1, columns, columns, blanks, ())


def a_sample(
    columns: Sequence[str] = ("Company", "URL"),
    blanks: Collection[str] = ("URL",),
    workflow: str | None = "simulator",
    sheet: str | None = "Leads",
) -> str:
    return sample_config(a_table(columns, blanks, sheet), workflow)


@pytest.mark.slow
@settings(deadline=None, max_examples=120)
@given(HEADERS, st.randoms(use_true_random=False), st.none() | st.text(min_size=1, max_size=10))
@example(["x" * 5000, "y"], None, None)
def test_whatever_the_headers_the_sample_is_a_good_config(
    tmp_path_factory: pytest.TempPathFactory,
    headers: list[str],
    chance: Random | None,
    sheet: str | None,
) -> None:
    """Each column comes back as it is called, with a default exactly where it has blanks."""
    columns = column_names(headers)
    blanks = {column for column in columns if chance and chance.random() < 0.5}
    path = tmp_path_factory.getbasetemp() / "sample.yaml"
    path.write_text(a_sample(columns, blanks, sheet=sheet), encoding="utf-8")
    draft = parse(path)
    assert draft.faults == ()
    assert draft.config.input.sheet == sheet
    own = {"Status", "Run ID", "Credits", "Error"}
    kept = [column for column in columns if column not in own] or columns
    assert draft.config.variables == {
        column: FromColumn(column, default="" if column in blanks else None) for column in kept
    }
    written = draft.config.output.columns
    assert {written.status, written.run_id, written.credits, written.error}.isdisjoint(columns)


def test_the_sample_is_the_same_to_any_yaml_reader() -> None:
    """Text that YAML 1.1 takes for something else is quoted."""
    columns = ("yes", "No", "0123", "12:30", "1e5", "2024-01-01", "a: b", "#x", "=", "Größe")
    assert list(yaml.safe_load(a_sample(columns))["variables"]) == list(columns)


def test_every_default_and_example_in_the_sample_is_right(
    parsed_text: Callable[[str], Draft],
) -> None:
    """Taking the # from any key, or from all of them, leaves a config without a fault."""
    text = a_sample()
    keys = re.compile(r"^( *)#(?! )", re.MULTILINE)
    assert len(keys.findall(text)) > 30
    assert parsed_text(keys.sub(r"\1", text)).faults == ()
    for match in keys.finditer(text):
        one = text[: match.start()] + match[1] + text[match.end() :]
        assert parsed_text(one).faults == ()


@pytest.mark.parametrize(
    ("path", "sheet", "expected"),
    [
        ("leads.xlsx", "Leads", {"sheet", "hidden"}),
        ("leads.ods", "Leads", {"sheet"}),
        ("leads.csv", None, {"csv"}),
    ],
)
def test_no_key_is_proposed_that_is_a_fault_over_such_a_file(
    path: str, sheet: str | None, expected: set[str]
) -> None:
    """A text file has no sheets, and only .xlsx and .xlsm tell which rows are hidden."""
    text = sample_config(replace(a_table(sheet=sheet), path=path), "simulator")
    proposed = {key for key in ("sheet", "hidden", "csv") if re.search(rf"(?m)^  #?{key}:", text)}
    assert proposed == expected


def test_what_is_commented_out_is_the_default(parsed_text: Callable[[str], Draft]) -> None:
    """Taking away the # from the keys about the run's course changes nothing."""
    text = a_sample(workflow="WCFG-1")
    changed = text[: text.index("limits:")] + re.sub(
        r"(?m)^( *)#(?! |max_failures|max_credits|credits_per_run|webhook|ledger)",
        r"\1",
        text[text.index("limits:") :],
    )
    assert changed != text
    assert parsed_text(changed).config == parsed_text(text).config


def test_without_a_workflow_the_sample_says_what_is_missing(
    parsed_text: Callable[[str], Draft],
) -> None:
    """A config that was never finished starts nothing."""
    (fault,) = parsed_text(a_sample(workflow=None)).faults
    assert fault.place.endswith(", workflow.id")
    assert "put your workflow's id here" in fault.remedy


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        (replace(a_table(), header_row=4), {"header_row": 4}),
        (replace(a_table(), header_row=None), {"header_row": None}),
        (replace(a_table(), key=("URL", "Company")), {"key": ("URL", "Company")}),
    ],
)
def test_where_the_table_stands_and_what_names_a_row_is_in_the_sample(
    parsed_text: Callable[[str], Draft], table: Table, expected: dict[str, object]
) -> None:
    """What was found or answered comes back from the config."""
    draft = parsed_text(sample_config(table, "simulator"))
    assert draft.faults == ()
    assert {key: getattr(draft.config.input, key) for key in expected} == expected


def test_a_column_that_is_not_sent_is_no_variable(parsed_text: Callable[[str], Draft]) -> None:
    """Only what was chosen goes to the service."""
    config = parsed_text(sample_config(replace(a_table(), sent=("URL",)), "simulator")).config
    assert list(config.variables) == ["URL"]


def test_a_batch_that_is_tried_out_is_fast(parsed_text: Callable[[str], Draft]) -> None:
    """Sixty rows at the simulator start within five seconds; a real service keeps its default."""
    tried = parsed_text(a_sample(workflow="simulator")).config
    real = parsed_text(a_sample(workflow="WCFG-1")).config
    assert 60 * tried.limits.rate.interval_seconds <= 5
    assert real.limits.rate.interval_seconds == 1


@pytest.mark.parametrize("workflow", ["WCFG-1", "simulator"])
def test_the_simulators_section_stands_only_with_the_simulator(
    parsed_text: Callable[[str], Draft], workflow: str | None
) -> None:
    """A sample never holds a section that would be a fault."""
    text = a_sample(workflow=workflow)
    config = parsed_text(text).config
    assert config.workflow.is_simulated == (workflow == "simulator") == ("simulator:\n" in text)
    assert config.outputs == "*"


def test_no_line_of_prose_is_too_long() -> None:
    """The comments are read in an editor."""
    assert all(len(line) <= 100 for line in a_sample().splitlines())
