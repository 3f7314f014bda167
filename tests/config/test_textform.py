"""How a text file is spelled, as a config says it."""

import codecs
from collections.abc import Callable

import pytest

from pipeline.config.load import Draft
from pipeline.config.model import Csv
from pipeline.config.values.readers import ENCODINGS


@pytest.mark.parametrize(
    ("text", "csv"),
    [
        ("", Csv()),
        ("{}", Csv()),
        ("{delimiter: , encoding: }", Csv(delimiter=None, encoding=None)),
        ("{delimiter: ';'}", Csv(delimiter=";")),
        ("{delimiter: tab}", Csv(delimiter="\t")),
        ('{delimiter: "\\t"}', Csv(delimiter="\t")),
        ("{quote: none}", Csv(quote=None)),
        ('{quote: "\'"}', Csv(quote="'")),
        ("{encoding: UTF-8}", Csv(encoding="utf-8")),
        ("{encoding: utf-8-sig}", Csv(encoding="utf-8")),
        ("{encoding: windows-1252}", Csv(encoding="cp1252")),
        ("{encoding: Latin1}", Csv(encoding="iso8859-1")),
        ("{encoding: Shift-JIS}", Csv(encoding="shift_jis")),
        ("{encoding: UTF_16LE}", Csv(encoding="utf-16-le")),
    ],
)
def test_the_section_is_read_as_a_person_writes_it(
    parsed: Callable[..., Draft], text: str, csv: Csv
) -> None:
    """Words stand for what YAML makes hard to write, and an encoding goes by any of its names."""
    draft = parsed(input=f"{{path: leads.csv, csv: {text}}}")
    assert draft.faults == ()
    assert draft.config.input.csv == csv


def test_a_workbook_may_have_the_section_empty(parsed: Callable[..., Draft]) -> None:
    """Only what it says would be a fault there."""
    assert parsed(input="{path: leads.xlsx, csv: }").faults == ()


def test_every_encoding_is_one_and_has_no_state() -> None:
    """Each is known to Python by this name, and spells a text the same wherever it stands."""
    for name in ENCODINGS:
        codec = codecs.lookup(name)
        assert codec.name == name
        if name != "utf-16":
            assert "a,b".encode(name) + "\r\n".encode(name) == "a,b\r\n".encode(name)
