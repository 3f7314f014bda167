"""What the library of values takes and raises: an old workbook opened, its errors as our own.

Must not know cells. What would lead the library astray is looked for before it is called.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from python_calamine import CalamineError, CalamineWorkbook, PasswordError

from pipeline.errors import InputFault
from pipeline.sheets.source import Source
from pipeline.sheets.workbook.compound import has_endless_chain
from pipeline.sheets.workbook.container import Container, damaged


def old_workbook(source: Source, content: bytes) -> CalamineWorkbook:
    """A workbook of the kind .xls, .xlsb or .ods with this content. Raises `InputFault`."""
    with told_of(source.path):
        if source.suffix != ".xls":
            Container(source.path, content).check_lengths()
        elif has_endless_chain(content):
            raise damaged(source.path)
        # By its path: of bytes alone the library would not say that a password is missing.
        return CalamineWorkbook.from_path(str(source.path))


@contextmanager
def told_of(path: Path) -> Iterator[None]:
    """What the library raises as an `InputFault`."""
    try:
        yield
    except PasswordError:
        raise InputFault(
            place=str(path),
            wrong="it is protected by a password",
            remedy="open it where it was made and save it without a password",
        ) from None
    except CalamineError:
        raise damaged(path) from None
    except BaseException as error:
        # A panic of the library's own language is no `Exception`, and its class has no public name.
        if type(error).__name__ != "PanicException":
            raise
        raise damaged(path) from None
