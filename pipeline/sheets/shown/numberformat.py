"""What a number format shows of a number, as a person sees it in Excel. Owns the built-in formats.

The numbers of the built-in formats are those of ECMA-376, part 1, 18.8.30. Where Excel shows one
after the machine's locale, it is here as American Excel shows it. Must not know cells or files.
"""

from dataclasses import dataclass
from typing import Final

from pipeline.core.model import Plain
from pipeline.core.rows.cells import shown
from pipeline.sheets.shown.digits import number_text
from pipeline.sheets.shown.formatcode import Kind, Section, sections_of
from pipeline.sheets.shown.moments import DateSystem, duration_of, moment_of, moment_text

GENERAL: Final = "General"

BUILT_IN: Final = {
    0: GENERAL,
    1: "0",
    2: "0.00",
    3: "#,##0",
    4: "#,##0.00",
    5: '"$"#,##0_);("$"#,##0)',
    6: '"$"#,##0_);[Red]("$"#,##0)',
    7: '"$"#,##0.00_);("$"#,##0.00)',
    8: '"$"#,##0.00_);[Red]("$"#,##0.00)',
    9: "0%",
    10: "0.00%",
    11: "0.00E+00",
    12: "# ?/?",
    13: "# ??/??",
    14: "m/d/yyyy",
    15: "d-mmm-yy",
    16: "d-mmm",
    17: "mmm-yy",
    18: "h:mm AM/PM",
    19: "h:mm:ss AM/PM",
    20: "h:mm",
    21: "h:mm:ss",
    22: "m/d/yyyy h:mm",
    37: "#,##0_);(#,##0)",
    38: "#,##0_);[Red](#,##0)",
    39: "#,##0.00_);(#,##0.00)",
    40: "#,##0.00_);[Red](#,##0.00)",
    41: '_(* #,##0_);_(* \\(#,##0\\);_(* "-"_);_(@_)',
    42: '_("$"* #,##0_);_("$"* \\(#,##0\\);_("$"* "-"_);_(@_)',
    43: '_(* #,##0.00_);_(* \\(#,##0.00\\);_(* "-"??_);_(@_)',
    44: '_("$"* #,##0.00_);_("$"* \\(#,##0.00\\);_("$"* "-"??_);_(@_)',
    45: "mm:ss",
    46: "[h]:mm:ss",
    47: "mm:ss.0",
    48: "##0.0E+0",
    49: "@",
    # Dates and times whose look hangs on an East Asian language; ours is none of them.
    **dict.fromkeys((*range(27, 32), 36, *range(50, 55), 57, 58), "yyyy-mm-dd"),
    **dict.fromkeys((*range(32, 36), 55, 56), "h:mm:ss"),
}
"""The codes of the formats that a workbook names by number alone."""

LONGEST_CODE: Final = 255
"""Excel takes no longer one; far longer ones would ask for more digits than memory has."""

POSITIVE, NEGATIVE, ZERO = 0, 1, 2
"""Which section is for which numbers where none has a condition."""


@dataclass(frozen=True, slots=True)
class NumberFormat:
    """A format of one workbook."""

    sections: tuple[Section, ...]
    """Those for numbers: one to three."""
    system: DateSystem

    @classmethod
    def of(cls, code: str, system: DateSystem) -> "NumberFormat | None":
        """The format of a code; ``None`` where it shows any number as it is."""
        if len(code) > LONGEST_CODE:
            return None
        *others, last = sections_of(code or GENERAL)
        # The fourth section is for text, and so is one before it that shows text.
        is_for_text = len(others) > ZERO or any(t.kind is Kind.TEXT for t in last.tokens)
        sections = tuple(others[:3]) if is_for_text else (*others, last)
        kinds = [[token.kind for token in section.tokens] for section in sections]
        if kinds in ([], [[Kind.GENERAL]]):
            return None
        return cls(sections, system)

    def shows(self, number: float) -> str:
        """The text that a person sees: without the blanks at its ends that only align it."""
        place = self._place(number)
        if place is None:
            return shown(number)
        section = self.sections[place]
        if section.is_moment:
            text = moment_text(section.tokens, number, self.system)
            return shown(number) if text is None else text.strip(" ")
        text = number_text(section.tokens, abs(number))
        return f"{self._sign(place, number)}{text.strip(' ')}"

    def means(self, number: float) -> Plain:
        """The number itself, or the date, time or duration that it is shown as."""
        place = self._place(number)
        section = None if place is None else self.sections[place]
        if section is None or not section.is_moment:
            return number
        moment = duration_of(number) if section.is_elapsed else moment_of(number, self.system)
        return number if moment is None else moment

    def _place(self, number: float) -> int | None:
        """The section that is for a number; ``None`` where none is."""
        if any(section.condition for section in self.sections):
            return self._place_by_conditions(number)
        if number < 0 and len(self.sections) > NEGATIVE:
            return NEGATIVE
        return ZERO if number == 0 and len(self.sections) > ZERO else POSITIVE

    def _place_by_conditions(self, number: float) -> int | None:
        for place, section in enumerate(self.sections):
            condition = section.condition
            if condition.holds(number) if condition else self._takes_the_rest(place, number):
                return place
        return None

    def _takes_the_rest(self, place: int, number: float) -> bool:
        """Whether a section without a condition, among some with one, is for a number."""
        # Of three, the second is for the negative ones, where the first has said its own.
        return place != NEGATIVE or len(self.sections) <= ZERO or number < 0

    def _sign(self, place: int, number: float) -> str:
        """The minus, but not where the section is for negative numbers alone: it has its own."""
        if number >= 0:
            return ""
        condition = self.sections[place].condition
        has_own = (
            condition.is_for_negatives_alone
            if condition
            else place == NEGATIVE and self.sections[POSITIVE].condition is None
        )
        return "" if has_own else "-"
