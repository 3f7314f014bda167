"""The fields that are added to a text file. Owns their spelling: defused, quoted, made to fit.

Must not know the fields that are there, nor where the new ones go.
"""

import re
from collections.abc import Callable, Sequence
from typing import Final, assert_never

from pipeline.core.model import NewCell
from pipeline.core.rows.cells import shown
from pipeline.sheets.overflow import Overflow
from pipeline.sheets.text.dialect import NUMBER, Dialect, Quoting
from pipeline.sheets.text.records import NO_QUOTE
from pipeline.sheets.text.spelling import UNICODE

LOOKS_LIVE: Final = re.compile(r"[\t\r]|\s*[=+\-@＝＋－＠]")  # noqa: RUF001 - the wide ones
"""Text that a spreadsheet would run, by OWASP's "CSV Injection"; some take the wide signs too."""

NOTE: Final = "characters that a text file cannot hold: the whole text is in"
STAND_INS: Final = "\ufffd?"
"""What stands where the text has such a character: the first where the file's codec has it."""


class NewFields:
    """Spells the new fields of a copy as its other fields are spelled."""

    def __init__(
        self, dialect: Dialect, codec: str, columns: Sequence[str], overflow: Overflow
    ) -> None:
        self._columns = columns
        self._overflow = overflow
        self._delimiter = dialect.delimiter
        self._quote = dialect.quote or NO_QUOTE
        self._text, self._number = self._spelling(dialect.quoting)
        # NUL ends a field in many readers; half a surrogate pair is no character.
        forbidden = "\0\ud800-\udfff"
        if dialect.quoting is Quoting.NEVER:
            forbidden += f"\r\n{re.escape(dialect.delimiter)}"
        self._unholdable = re.compile(f"[{forbidden}]")
        self._stand_in = STAND_INS[0 if codec in UNICODE else 1]

    def of_row(self, row: int, values: Sequence[NewCell]) -> list[str]:
        """A row's new fields, in the order of the columns."""
        return [self._field(row, n, value) for n, value in enumerate(values)]

    def headers(self, row: int) -> list[str]:
        """The new columns' names, as fields of the header's row."""
        return self.of_row(row, self._columns)

    def blanks(self) -> list[str]:
        """The fields of a row that gets no cells."""
        return [self._text("")] * len(self._columns)

    def _field(self, row: int, n: int, value: NewCell) -> str:
        if value is None:
            return self._text("")
        if not isinstance(value, str):
            return self._number(shown(value))
        text = value if self._is_held(value) else self._fitted(row, n, value)
        # The first letter settles it for nearly all, in a fraction of the pattern's time.
        if not text[:1].isalnum() and LOOKS_LIVE.match(text) and not NUMBER.fullmatch(text):
            text = f"'{text}"
        return self._text(text)

    def _is_held(self, text: str) -> bool:
        # ASCII is known at once, where the pattern looks at every character.
        is_plain = text.isascii() and "\0" not in text and self._quote != NO_QUOTE
        return is_plain or not self._unholdable.search(text)

    def _fitted(self, row: int, n: int, text: str) -> str:
        """The text with a stand-in for what the file can't hold; the whole is kept beside."""
        self._overflow.keep(row, self._columns[n], text)
        return self._unholdable.sub(self._stand_in, f"{text} [{NOTE} {self._overflow.name}]")

    def _spelling(self, quoting: Quoting) -> tuple[Callable[[str], str], Callable[[str], str]]:
        """How a text and how a number is spelled."""
        match quoting:
            case Quoting.NEVER:
                return str, str
            case Quoting.NEEDED:
                return self._quoted_where_needed, self._quoted_where_needed
            case Quoting.TEXT:
                return self._quoted_unless_blank, self._quoted_where_needed
            case Quoting.ALWAYS:
                return self._quoted, self._quoted
            case _:
                assert_never(quoting)

    def _quoted_where_needed(self, text: str) -> str:
        # One by one: a pattern takes longer over a long text, and a loop over a short one.
        if self._delimiter in text or self._quote in text or "\n" in text or "\r" in text:
            return self._quoted(text)
        return text

    def _quoted_unless_blank(self, text: str) -> str:
        return self._quoted(text) if text else text

    def _quoted(self, text: str) -> str:
        return f"{self._quote}{text.replace(self._quote, 2 * self._quote)}{self._quote}"
