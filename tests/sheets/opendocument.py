"""Spreadsheets of LibreOffice's own kind, spelled out: no library at hand writes them."""

import zipfile
from collections.abc import Sequence
from pathlib import Path

from pipeline.sheets import Source

OFFICE = "urn:oasis:names:tc:opendocument:xmlns:office:1.0"
TABLE = "urn:oasis:names:tc:opendocument:xmlns:table:1.0"
STYLE = "urn:oasis:names:tc:opendocument:xmlns:style:1.0"
TEXT = "urn:oasis:names:tc:opendocument:xmlns:text:1.0"
MANIFEST = "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"
KIND = "application/vnd.oasis.opendocument.spreadsheet"


def a_text(text: str) -> str:
    """A cell of text."""
    return (
        f'<table:table-cell office:value-type="string"><text:p>{text}</text:p></table:table-cell>'
    )


def a_value(kind: str, attribute: str, value: str) -> str:
    """A cell of another kind."""
    return f'<table:table-cell office:value-type="{kind}" office:{attribute}="{value}"/>'


ROWS = (
    (a_text("Name"), a_text("Since"), a_text("Paid"), a_text("Sum")),
    (
        a_text("=Ada"),
        a_value("date", "date-value", "2024-01-02T03:04:05"),
        a_value("boolean", "boolean-value", "true"),
        a_value("float", "value", "2.5"),
    ),
)


def an_ods(
    folder: Path,
    *names: str,
    rows: Sequence[Sequence[str]] = ROWS,
    hidden: Sequence[str] = (),
) -> Source:
    """A spreadsheet of LibreOffice's kind, with sheets of these names, each of these rows."""
    body = "".join(f"<table:table-row>{''.join(row)}</table:table-row>" for row in rows)
    tables = "".join(
        f'<table:table table:name="{n}" table:style-name="{"away" if n in hidden else "seen"}">'
        f"{body}</table:table>"
        for n in names
    )
    styles = "".join(
        f'<style:style style:name="{name}" style:family="table">'
        f'<style:table-properties table:display="{display}"/></style:style>'
        for name, display in (("away", "false"), ("seen", "true"))
    )
    content = (
        f'<office:document-content xmlns:office="{OFFICE}" xmlns:table="{TABLE}" '
        f'xmlns:text="{TEXT}" xmlns:style="{STYLE}">'
        f"<office:automatic-styles>{styles}</office:automatic-styles>"
        f"<office:body><office:spreadsheet>{tables}"
        "</office:spreadsheet></office:body></office:document-content>"
    )
    path = folder / "leads.ods"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", KIND)
        archive.writestr("content.xml", content)
        archive.writestr(
            "META-INF/manifest.xml", f'<manifest:manifest xmlns:manifest="{MANIFEST}"/>'
        )
    return Source(path, names[-1], 1)
