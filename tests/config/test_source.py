"""What is no config at all, or odd YAML, is told with its line."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.config.load import Draft, parse
from pipeline.config.source import read_source
from pipeline.errors import ConfigFault

GOOD = """\
input: {path: leads.xlsx}
workflow: {id: WCFG-1}
variables: {Company: Company}
outputs: "*"
"""


@pytest.mark.parametrize(
    ("text", "place", "wrong", "remedy"),
    [
        ("", "leads.yaml", "empty", "pipeline init"),
        ("# only a comment\n", "leads.yaml", "empty", "pipeline init"),
        ("- a\n", "leads.yaml", "no keys", "pipeline init"),
        ("a: b: c\n", "leads.yaml, line 1", "not YAML", "colon"),
        ("a: 1\n\tb: 2\n", "leads.yaml, line 2", "not YAML", "tabs"),
        ("outputs: *\n", "leads.yaml, line 1", "not YAML", '"*"'),
        ('a: "x\n', "leads.yaml, line 2", "not YAML", "close the quotes"),
        ("a: 1\n---\nb: 2\n", "leads.yaml, line 2", "not YAML", "leave out the line ---"),
        ("a: [1\n", "leads.yaml, line 2", "not YAML", "indentation"),
        ("a: \x01\n", "leads.yaml", "control characters", "UTF-8"),
        ("a: &a [*a]\n", "leads.yaml", "refers to itself", "flat"),
    ],
)
def test_what_is_no_config_at_all_is_one_fault(
    parsed_text: Callable[[str], Draft], text: str, place: str, wrong: str, remedy: str
) -> None:
    """A file that can't be read as YAML is told with its line and the likeliest remedy."""
    draft = parsed_text(text)
    (fault,) = draft.faults
    assert (draft.config, draft.input, draft.column_uses) == (None, None, ())
    assert fault.place == place
    assert wrong in fault.wrong
    assert remedy in fault.remedy
    assert "\n" not in str(fault)


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("a: !!int x", "this number can't be read"),
        (f"a: {'9' * 5000}", "this number can't be read"),
        ("a: !!timestamp 2024-01-01", "a tag that is not known"),
        ("a: !mine x", "a tag that is not known"),
        ("? [a]\n: b", "is no text"),
    ],
)
def test_odd_yaml_is_a_fault_and_no_traceback(
    parsed_text: Callable[[str], Draft], text: str, wrong: str
) -> None:
    """What YAML allows and a config has no use for is told."""
    assert any(wrong in fault.wrong for fault in parsed_text(text).faults)


def test_a_key_that_stands_twice_names_both_lines(parsed_text: Callable[[str], Draft]) -> None:
    """Neither of two values is silently dropped."""
    (fault,) = parsed_text("name: one\n" + GOOD + "name: other\n").faults
    assert fault.place.endswith(", name")
    assert "lines 1 and 6" in fault.wrong


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("leeds.yaml", "leads.yaml"),
        ("zzz", "name a config of that folder: leads.yaml"),
        ("nosuch.yaml", "name a config of that folder: leads.yaml"),
        ("x/y.yaml", "init"),
    ],
)
def test_a_missing_file_names_the_nearest(tmp_path: Path, name: str, remedy: str) -> None:
    """A typing error is one look away from its mending."""
    (tmp_path / "leads.yaml").write_text("")
    (fault,) = parse(tmp_path / name).faults
    assert "no such file" in fault.wrong
    assert remedy in fault.remedy


def test_a_folder_or_another_encoding_is_a_fault(tmp_path: Path) -> None:
    """What is there and no text file is told as what it is."""
    (tmp_path / "old.yaml").write_bytes(b"name: x\ninput: \xfc")
    assert "folder" in parse(tmp_path).faults[0].wrong
    (fault,) = parse(tmp_path / "old.yaml").faults
    assert (fault.place, fault.wrong) == ("old.yaml, line 2", "the file is not UTF-8")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_an_unreadable_file_is_a_fault(tmp_path: Path) -> None:
    """A file that may not be read is told as such."""
    path = tmp_path / "leads.yaml"
    path.touch(mode=0o000)
    assert "can't be read" in parse(path).faults[0].wrong


@settings(deadline=None, max_examples=150)
@given(st.text(alphabet=st.sampled_from("ab: -\n{}[]\"'*&!#?|>%@,0.~\t"), max_size=40))
def test_any_text_is_faults_and_never_a_traceback(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    """Whatever stands in the file, a person gets lines that say where."""
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_text(text, encoding="utf-8")
    draft = parse(path)
    assert draft.config is None
    assert draft.faults
    assert all(fault.place and fault.wrong and fault.remedy for fault in draft.faults)


def test_a_byte_order_mark_is_no_part_of_the_first_key(tmp_path: Path) -> None:
    """Editors that write one do no harm."""
    path = tmp_path / "bom.yaml"
    path.write_bytes(b"\xef\xbb\xbfname: x\n")
    assert read_source(path).data == {"name": "x"}


def test_a_source_without_a_file_is_a_config_fault(tmp_path: Path) -> None:
    """The one error of reading is the config's."""
    with pytest.raises(ConfigFault):
        read_source(tmp_path / "none.yaml")
