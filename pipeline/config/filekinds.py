"""Which kinds of files a sheet can be, by suffix. Owns what the config and the sheets agree on.

Must not know how a kind is read or written: that is `sheets.formats`.
"""

from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Final

TEXT: Final = frozenset({".csv", ".tsv"})
"""Kinds that have no sheets with names, and a spelling of their own."""

WRITTEN_AS: Final = {".xls": ".xlsx", ".xlsb": ".xlsx", ".ods": ".xlsx"}
"""Kinds that are read and not written, and the kind of their copy."""

KINDS: Final = TEXT | WRITTEN_AS.keys() | {".xlsx", ".xlsm"}
"""Every kind that can be read."""

VALUES_ALONE: Final = frozenset(WRITTEN_AS)
"""Kinds of which only the cells' values are read: neither how they are shown, nor hidden rows."""


def is_text(path: Path) -> bool:
    """Whether a file of this name is text, and no workbook."""
    return path.suffix.lower() in TEXT


def nearest_name(path: Path, names: Sequence[str]) -> str | None:
    """Which of these files a person may have meant; a like ending alone makes no two names near."""
    near = get_close_matches(
        path.stem.casefold(), {Path(name).stem.casefold() for name in names}, n=1
    )
    alike = [name for name in names if Path(name).stem.casefold() in near]
    return next(iter(get_close_matches(path.name, alike, n=1, cutoff=0)), None)


def output_suffix(input_path: Path) -> str:
    """The ending of what is written from this input: formats that are only read become .xlsx."""
    return WRITTEN_AS.get(input_path.suffix.lower(), input_path.suffix)


def default_output(input_path: Path) -> Path:
    """Where the output goes unless the config says so."""
    return input_path.with_name(f"{input_path.stem}.done{output_suffix(input_path)}")
