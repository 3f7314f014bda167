"""What the parts of a workbook may be: XML without a DOCTYPE, in UTF-8, and no bomb.

Owns the one way in which a part is parsed, and the error of a part that can't be copied. Must not
know what a part means, nor the file that it stands in.
"""

from collections.abc import Callable
from typing import Final, TypeVar
from xml.parsers.expat import ExpatError, ParserCreate, XMLParserType

SAVE_AGAIN: Final = "save it once more in Excel as .xlsx, or the sheet alone as .csv"

WIDE_MARKS: Final = (b"\xff\xfe", b"\xfe\xff", b"\0", b"<\0")
"""How a part begins that spells a character in two bytes or four: XML 1.0, appendix F."""

HARMLESS_BYTES: Final = 2**26
LARGEST_RATIO: Final = 300
"""A large part that shrinks so much holds the same bytes again and again: sheets reach about 50."""

T = TypeVar("T")


class PartError(Exception):
    """A part that can't be copied; holds what is wrong and what to do."""

    def __init__(self, wrong: str, remedy: str = SAVE_AGAIN) -> None:
        super().__init__(wrong, remedy)
        self.wrong = wrong
        self.remedy = remedy


def is_bomb(size_bytes: int, packed_bytes: int) -> bool:
    """Whether a part would unpack to far more than a workbook's own parts do."""
    return size_bytes > HARMLESS_BYTES and size_bytes > LARGEST_RATIO * packed_bytes


def a_parser() -> XMLParserType:
    """A parser that refuses a DOCTYPE: no part has one, and entities that nest come by it alone.

    Attributes come as a list, name after value, since a mapping for each cell costs time.
    """
    parser = ParserCreate()
    parser.ordered_attributes = True
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse_doctype
    return parser


def parsed(feed: Callable[[], T], part: str) -> T:
    """What a parse gives; its errors as a `PartError` that names the part."""
    try:
        return feed()
    except ExpatError as error:
        raise PartError(f"its part {part} is damaged (line {error.lineno})") from None


def check_spelling(beginning: bytes, part: str) -> None:
    """That the part's markup is ASCII: it is looked at as bytes. Raises `PartError`."""
    if beginning.startswith(WIDE_MARKS):
        raise PartError(f"its part {part} is spelled in UTF-16")


def whole_number(text: str) -> int:
    """A number of a part's, as an index or an id; 0 where none is told. Raises `PartError`."""
    try:
        return int(text or 0)
    except ValueError:
        raise PartError("one of its parts has text where a number must be") from None


def local(name: str) -> str:
    """A name without its prefix."""
    return name.rpartition(":")[2]


def _refuse_doctype(*_: object) -> None:
    raise PartError(
        "one of its parts has a DOCTYPE, which no workbook needs and an attack might",
        "take it from a source that you trust",
    )
