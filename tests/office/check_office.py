"""LibreOffice opens what we write, and shows the same values as before. Run by `make check-office`.

Every workbook, before and after columns were added, is turned by it into text, a file for each
sheet. Two calls for all of them: LibreOffice takes seconds to start.
"""

import csv
import shutil
import subprocess
from pathlib import Path

from pipeline.sheets import Source, write
from tests.sheets.features import KEPT
from tests.sheets.fidelity import calamine_values
from tests.sheets.real import CASES

NEW = ("New text", "New number", "New = sign")
PATIENCE_SECONDS = 600
ALL_SHEETS_AS_SHOWN = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,true,false,false,-1"
"""LibreOffice's filter options for CSV, token by token: in UTF-8, every sheet, as it is shown."""


def test_libreoffice_shows_the_same_values_before_and_after(tmp_path: Path) -> None:
    """In every sheet of every workbook what was shown still is, and beside it our cells only."""
    before, after = tmp_path / "before", tmp_path / "after"
    before.mkdir()
    after.mkdir()
    for name, source in _sources(tmp_path):
        rows = _filled_rows(source)
        shutil.copy(source.path, before / name)
        write(source, after / name, NEW, {n: (f"text {n}", n, f"=live {n}") for n in rows})
    old, new = _shown(before), _shown(after)
    for case in CASES:
        assert any(name.startswith(f"{case.path.stem}-") for name in old), case.path.name
    # Of the odd ones made here, what it can't open before it need not open after.
    assert any(name.startswith("made0-") for name in old)
    assert list(old) == list(new)
    wrong = {name: _lost(old[name], new[name]) for name in old}
    assert {name: lines for name, lines in wrong.items() if lines} == {}


def _sources(folder: Path) -> list[tuple[str, Source]]:
    """Each workbook under a name of its own: those made here, and the real ones where they are."""
    found = [(case.path.name, case.source) for case in CASES]
    for number, feature in enumerate(KEPT):
        place = folder / f"made{number}"
        place.mkdir()
        path = feature.make(place)
        found.append((f"made{number}{path.suffix}", Source(path, "Leads", 1)))
    return found


def _filled_rows(source: Source) -> list[int]:
    assert source.sheet is not None
    lines = enumerate(calamine_values(source.path, source.sheet), 1)
    return [n for n, line in lines if line and n > (source.header_row or 0)]


def _shown(folder: Path) -> dict[str, list[list[str]]]:
    """What LibreOffice shows of every sheet in the folder's workbooks, by its file's name."""
    profile = folder.with_name(f"{folder.name}-profile")
    out = folder.with_name(f"{folder.name}-shown")
    command = [
        *("soffice", f"-env:UserInstallation={profile.as_uri()}", "--headless"),
        *("--convert-to", ALL_SHEETS_AS_SHOWN, "--outdir", str(out)),
        *sorted(str(path) for path in folder.iterdir()),
    ]
    subprocess.run(  # noqa: S603 - our own command, with a list and no shell
        command, check=True, capture_output=True, timeout=PATIENCE_SECONDS
    )
    return {
        path.name: list(csv.reader(path.read_text("utf-8").splitlines(keepends=True)))
        for path in sorted(out.iterdir())
    }


def _lost(old: list[list[str]], new: list[list[str]]) -> list[int]:
    """The lines of which something is no longer shown, or that show more than our cells."""
    wrong = []
    for number, line in enumerate(old, 1):
        shown = new[number - 1] if number <= len(new) else []
        end = next((n for n in range(len(line), 0, -1) if line[n - 1]), 0)
        more = [text for text in shown[end:] if text]
        if shown[:end] != line[:end] or len(more) > len(NEW):
            wrong.append(number)
    return wrong
