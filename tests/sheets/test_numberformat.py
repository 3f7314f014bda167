"""Numbers as a person sees them. The first table holds what LibreOffice 7.4 shows."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.core.rows.cells import shown
from pipeline.sheets.shown.moments import DateSystem
from pipeline.sheets.shown.numberformat import BUILT_IN, NumberFormat

ACCOUNTING = BUILT_IN[43]
MEGA = '[>999999]#,##0,,"M";[>999]#,##0,"K";#,##0'


def seen(code: str, number: float, system: DateSystem = DateSystem.SINCE_1900) -> str:
    """What a format shows of a number."""
    look = NumberFormat.of(code, system)
    return shown(number) if look is None else look.shows(number)


@pytest.mark.parametrize(
    ("code", "number", "text"),
    [
        ("00000", 123, "00123"),
        ("00000", 0, "00000"),
        ("00000", -7, "-00007"),
        ("00000", 1234567, "1234567"),
        ("0.00", 1.005, "1.01"),
        ("0.00", 2.675, "2.68"),
        ("0.00", -1.5, "-1.50"),
        ("0.00", 0, "0.00"),
        ("0.00", 1000000.0, "1000000.00"),
        ("0.0#", 1, "1.0"),
        ("0.0#", 1.25, "1.25"),
        ("0.0#", 1.256, "1.26"),
        ("0.##", 5.5, "5.5"),
        ("#.##", 0.5, ".5"),
        ("#,##0", 1234567, "1,234,567"),
        ("#,##0", 12, "12"),
        ("#,##0", 0, "0"),
        ("#,##0", -1234, "-1,234"),
        ("#,##0.00", 1234.5, "1,234.50"),
        ("0%", 0.125, "13%"),
        ("0%", 1, "100%"),
        ("0.00%", 0.12345, "12.35%"),
        ("#,##0,", 1234567, "1,235"),
        ('0.0,,"M"', 12345678, "12.3M"),
        ("0.00E+00", 12345.678, "1.23E+04"),
        ("0.00E+00", 0.00012, "1.20E-04"),
        ("0.00E+00", 0, "0.00E+00"),
        ("0.00E+00", 9999900000.0, "1.00E+10"),
        ("##0.0E+0", 12345, "12.3E+3"),
        ("##0.0E+0", 123, "123.0E+0"),
        ("##0.0E+0", 0.0001, "100.0E-6"),
        ("##0.0E+0", 999999, "1.0E+6"),
        ("0E-0", 12345, "1E4"),
        ("0E-0", 0.001, "1E-3"),
        ("00.0E+0", 12345, "01.2E+4"),
        ("# ?/?", 5.25, "5 1/4"),
        ("# ?/?", 0.25, "1/4"),
        ("# ?/?", 5, "5"),
        ("# ?/?", 0, "0"),
        ("# ?/?", 0.999, "1"),
        ("# ?/?", -1.5, "-1 1/2"),
        ("# ??/??", 3.14159, "3 14/99"),
        ("# ??/??", 5.25, "5  1/4"),
        ("?/?", 1.5, "3/2"),
        ("?/?", 0.3333, "1/3"),
        ("# ?/8", 1.3, "1 2/8"),
        ("# ?/8", 2, "2"),
        ("# ??/100", 0.07, "7/100"),
        ("# ??/100", 1.5, "1 50/100"),
        ("0/100", 1.5, "150/100"),
        ('"$"#,##0.00_);[Red]("$"#,##0.00)', 1234.5, "$1,234.50"),
        ('"$"#,##0.00_);[Red]("$"#,##0.00)', -1234.5, "($1,234.50)"),
        ('"$"#,##0.00_);[Red]("$"#,##0.00)', 0, "$0.00"),
        (ACCOUNTING, 1234.5, "1,234.50"),
        (ACCOUNTING, -2, "(2.00)"),
        (ACCOUNTING, 0, "-"),
        ("[$€-407] #,##0.00", 12.5, "€ 12.50"),
        ("#,##0.00\\ [$€-1]", -12.5, "-12.50 €"),
        ("0;;", 5, "5"),
        ("0;;", -5, ""),
        ("0;;", 0, ""),
        (";;;", 5, ""),
        ('0;-0;"zero"', 1, "1"),
        ('0;-0;"zero"', -1, "-1"),
        ('0;-0;"zero"', 0, "zero"),
        ('"a"0"b"', 3, "a3b"),
        ('"a"0"b"', -3, "-a3b"),
        ("000-00-0000", 123456789, "123-45-6789"),
        ("000-00-0000", 1, "000-00-0001"),
        ("(000) 000-0000", 5551234567, "(555) 123-4567"),
        ("000\\ 000", 12, "000 012"),
        ("0.000 00", 1.23456, "1.234 56"),
        ('[<100]"lo" 0;[>=100]"hi" 0', 5, "lo 5"),
        ('[<100]"lo" 0;[>=100]"hi" 0', 150, "hi 150"),
        ('[<100]"lo" 0;[>=100]"hi" 0', -5, "-lo 5"),
        ("[<1]0.00%;0.0", 0.5, "50.00%"),
        ("[<1]0.00%;0.0", 2, "2.0"),
        ("[<1]0.00%;0.0", -3, "-300.00%"),
        ('[=1]"one";[=2]"two";0', 1, "one"),
        ('[=1]"one";[=2]"two";0', 2, "two"),
        ('[=1]"one";[=2]"two";0', 3, "3"),
        ("[Red][<0]0;[Blue]0", -4, "4"),
        ("[Red][<0]0;[Blue]0", 4, "4"),
        ("yyyy-mm-dd", 45293, "2024-01-02"),
        ("yyyy-mm-dd", 61, "1900-03-01"),
        ("dd.mm.yyyy", 45293.5, "02.01.2024"),
        ("d mmm yy", 45293, "2 Jan 24"),
        ("dddd, mmmm d, yyyy", 45293, "Tuesday, January 2, 2024"),
        ("mmmmm", 45293, "J"),
        ("h:mm", 0.604166666666667, "14:30"),
        ("h:mm", 45293.99999, "23:59"),
        ("h:mm:ss", 0.5, "12:00:00"),
        ("hh:mm AM/PM", 0.5, "12:00 PM"),
        ("hh:mm AM/PM", 0.0, "12:00 AM"),
        ("hh:mm AM/PM", 0.75, "06:00 PM"),
        ("hh:mm AM/PM", 0.04, "12:57 AM"),
        ("mm:ss.0", 1.23e-05, "00:01.1"),
        ("ss.000", 1.234e-05, "01.066"),
        ("[h]:mm", 1.5, "36:00"),
        ("[h]:mm", 2.25, "54:00"),
        ("[h]:mm", -1.5, "-36:00"),
        ("[mm]:ss", 0.1, "144:00"),
        ("[ss]", 0.01, "864"),
        ("[hh]:mm:ss", 0.1, "02:24:00"),
        ("yyyy-mm-ddThh:mm:ss", 45293.604166666664, "2024-01-02T14:30:00"),
        ('yyyy"年"m"月"d"日"', 45293, "2024年1月2日"),
        ("[$-409]d-mmm-yyyy;@", 45293, "2-Jan-2024"),
        ("mmm-yy", 45293, "Jan-24"),
        ('h"h" m"m"', 0.6, "14h 24m"),
        ("yyyy/m/d", 45293, "2024/1/2"),
        ("d/m/yyyy;@", 45293, "2/1/2024"),
        ("[h]:mm:ss;@", 1.1, "26:24:00"),
        ("General", 1.5, "1.5"),
        ("General", 123456789012, "123456789012"),
        ('General" units"', 5, "5 units"),
        ('General" units"', -5.5, "-5.5 units"),
        ("@", 5, "5"),
        ('@" x"', 5, "5"),
        ('0.0 "kg"', -2.25, "-2.3 kg"),
        ("+0;-0;0", 3, "+3"),
        ("+0;-0;0", -3, "-3"),
        ("+0;-0;0", 0, "0"),
        ("0.0;(0.0)", -0.04, "(0.0)"),
        ("#", 0, ""),
        ("#,#", 0, ""),
        ("#,#", 1234, "1,234"),
        ("?0.0?", 1.5, "1.5"),
        ("0_-", 5, "5"),
        ("0*x", 5, "5"),
        ("$0.00", 2.5, "$2.50"),
        ("£#,##0", 1234, "£1,234"),
        ("0,000.0", 12, "0,012.0"),
        ("0,000.0", 1234567.25, "1,234,567.3"),
        (".00", 5.25, "5.25"),
        (".00", 0.5, ".50"),
        ("#%", 0.5, "50%"),
        ("0 %", 0.5, "50 %"),
        ("\\#0", 4, "#4"),
        ("0!", 4, "4!"),
        ('[>1000]#,##0,"K";0', 1500, "2K"),
        ('[>1000]#,##0,"K";0', 500, "500"),
        (MEGA, 1500000, "2M"),
        (MEGA, 1500, "2K"),
        (MEGA, 15, "15"),
        ('0.00 "USD"', 1000000000000000.2, "1000000000000000.00 USD"),
        ('0.00 "USD"', 123456789012345.6, "123456789012346.00 USD"),
        ("0", 1e+20, "100000000000000000000"),
        ("0", 0.5, "1"),
        ("0", 1.5, "2"),
        ("0", 2.5, "3"),
    ],
)  # fmt: skip
def test_a_number_is_seen_as_in_a_spreadsheet(code: str, number: float, text: str) -> None:
    """Zeros, groups, percents, powers, fractions, currencies, conditions, dates, durations."""
    assert seen(code, number) == text


@pytest.mark.parametrize(
    ("code", "number", "text"),
    [
        # The point that a format asks for is seen, whatever stands behind it.
        ("0.##", 5, "5."),
        ("#.##", 0, "."),
        ("0.", 5, "5."),
        # A number that is rounded to zero keeps its sign.
        ("0.00", -0.001, "-0.00"),
        ("0%", -0.004, "-0%"),
        # The first months of 1900 have the day more that Excel gives that year.
        ("yyyy-mm-dd", 1, "1900-01-01"),
        ("yyyy-mm-dd", 59, "1900-02-28"),
        ("yyyy-mm-dd", 60, "1900-02-29"),
        ("yyyy-mm-dd", 0, "1900-01-00"),
        ("ddd", 1, "Sun"),
        # Seconds are rounded, and may be those of the next day.
        ("h:mm:ss", 0.99999999, "0:00:00"),
        ("yyyy-mm-dd hh:mm:ss", 45293.999999999, "2024-01-03 00:00:00"),
        ("h A/P", 0.75, "6 P"),
        ("m/d/yy h:mm", 45293.604166666664, "1/2/24 14:30"),
        # Of whole numbers no digit is lost; Excel itself could not have stored these.
        ("0", 12345678901234567, "12345678901234567"),
        ("#,##0", 1e20, "100,000,000,000,000,000,000"),
        (MEGA, -5, "-5"),
        # What the calendar does not have is shown as the number that it is.
        ("yyyy-mm-dd", -1, "-1"),
        ("yyyy-mm-dd", 2958466, "2958466"),
        ("h:mm", 1e300, "1e+300"),
        ("[<0]0;[=0]0", 7, "7"),
    ],
)
def test_where_spreadsheets_differ_it_is_seen_as_in_excel(
    code: str, number: float, text: str
) -> None:
    """Where two programs show it differently, Excel's way counts; and nothing is ever lost."""
    assert seen(code, number) == text


@pytest.mark.parametrize(
    ("code", "number", "meant"),
    [
        ("yyyy-mm-dd", 45293, date(2024, 1, 2)),
        ("yyyy-mm-dd hh:mm", 45293.604166666664, datetime(2024, 1, 2, 14, 30)),  # noqa: DTZ001 - a spreadsheet knows no zones
        ("h:mm", 0.604166666666667, time(14, 30)),
        ("[h]:mm", 1.5, timedelta(hours=36)),
        ("m/d/yyyy;@", 45293, date(2024, 1, 2)),
        ("[$-409]d-mmm-yy", 45293, date(2024, 1, 2)),
        ('0.0" days"', 2.5, 2.5),
        ('[Red]0;"d"0', 5, 5),
        ("yyyy-mm-dd", -1, -1),
        ("yyyy-mm-dd", 3e6, 3e6),
        ("[h]:mm", 1e300, 1e300),
    ],
)
def test_a_format_tells_dates_from_numbers(code: str, number: float, meant: object) -> None:
    """By the letters of its section, and not by those in quotes, colours or languages."""
    look = NumberFormat.of(code, DateSystem.SINCE_1900)
    assert look is not None
    assert look.means(number) == meant


@pytest.mark.parametrize(
    ("number", "day"), [(0.5, time(12)), (1, date(1904, 1, 2)), (43831, date(2024, 1, 2))]
)
def test_the_other_date_system_counts_from_1904(number: float, day: object) -> None:
    """Workbooks of old Macs say so, and their days are four years later."""
    look = NumberFormat.of("d mmm yyyy", DateSystem.SINCE_1904)
    assert look is not None
    assert look.means(number) == day
    assert seen("ddd d mmm yyyy", 43831, DateSystem.SINCE_1904) == "Tue 2 Jan 2024"


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (1, "1234"),
        (4, "1,234.25"),
        (9, "123425%"),
        (12, "1234 1/4"),
        (14, "5/18/1903"),
        (22, "5/18/1903 6:00"),
        (27, "1903-05-18"),
        (44, "$1,234.25"),
        (46, "29622:00:00"),
        (48, "1.2E+3"),
    ],
)
def test_built_in_formats_go_by_their_number(number: int, text: str) -> None:
    """A workbook holds no code for them; where Excel follows the locale, they are American."""
    assert seen(BUILT_IN[number], 1234.25) == text


@pytest.mark.parametrize(
    "code", ["", "General", "GENERAL", "@", '@" kg"', "[Red]General", "0" * 256]
)
def test_some_formats_show_a_number_as_it_is(code: str) -> None:
    """They cost nothing: there is no format to be kept with the cell."""
    assert NumberFormat.of(code, DateSystem.SINCE_1900) is None


@pytest.mark.slow
@settings(deadline=None, max_examples=300)
@given(st.text(max_size=12), st.floats(allow_nan=False, allow_infinity=False))
def test_no_format_and_no_number_breaks_it(code: str, number: float) -> None:
    """Whatever a workbook holds for a code, something is seen."""
    look = NumberFormat.of(code, DateSystem.SINCE_1900)
    if look is not None:
        assert isinstance(look.shows(number), str)
        look.means(number)


@settings(deadline=None, max_examples=300)
@given(
    st.text(alphabet='0#?.,%/E+-ymdhs[]:;@ "\\$_*<>=1AP', max_size=14),
    st.floats(-1e6, 1e6, allow_nan=False),
)
def test_no_code_of_a_formats_own_signs_breaks_it(code: str, number: float) -> None:
    """Signs in any order, also such as Excel would refuse."""
    look = NumberFormat.of(code, DateSystem.SINCE_1904)
    if look is not None:
        assert isinstance(look.shows(number), str)


@pytest.mark.parametrize("sign", [*"0#?%,./@ymdhs;E", "0.", "?/", ".0", "ss.", "[h]", "E+0"])
@pytest.mark.parametrize("number", [1e308, 5e-324, 0.1, -1.5, 2958465.5])
def test_the_longest_codes_are_shown(sign: str, number: float) -> None:
    """However often a sign stands, up to the length that Excel takes."""
    for code in (sign * (255 // len(sign)), "0" + sign * (254 // len(sign))):
        look = NumberFormat.of(code, DateSystem.SINCE_1900)
        if look is not None:
            look.shows(number)
            look.means(number)


@settings(deadline=None, max_examples=200)
@given(st.integers(-(10**15), 10**15), st.integers(0, 5))
def test_decimals_are_exact(cents: int, places: int) -> None:
    """A number of two decimals is shown with all its digits, and rounded half away from zero."""
    exact = Decimal(cents).scaleb(-2)
    if abs(exact) >= 10**12:
        return
    code = "0." + "0" * places if places else "0"
    rounding = Fraction(abs(cents), 100) * 10**places + Fraction(1, 2)
    whole, part = divmod(int(rounding), 10**places)
    text = f"{whole}.{part:0{places}}" if places else f"{whole}"
    assert seen(code, float(exact)) == ("-" if cents < 0 else "") + text


@settings(deadline=None, max_examples=200)
@given(st.integers(0, 10**12))
def test_groups_are_those_of_three(number: int) -> None:
    """As Python groups them."""
    assert seen("#,##0", number) == f"{number:,}"


@settings(deadline=None, max_examples=200)
@given(st.datetimes(datetime(1901, 1, 1), datetime(9999, 12, 31)))  # noqa: DTZ001 - a spreadsheet knows no zones
def test_a_moment_is_the_same_to_the_second(moment: datetime) -> None:
    """From a moment to a spreadsheet's number, and back by the format."""
    moment = moment.replace(microsecond=0)
    number = (moment - datetime(1899, 12, 30)) / timedelta(days=1)  # noqa: DTZ001 - likewise
    assert seen("yyyy-mm-dd hh:mm:ss", number) == moment.isoformat(" ")
