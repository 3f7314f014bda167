"""How a text file is spelled in bytes. Owns its encoding, and that all of it is text.

Must not know delimiters or records. Before anything is read, the whole file is decoded once, a
piece at a time: what was found holds to the last byte.
"""

import codecs
import io
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO, Final

from pipeline.errors import InputFault
from pipeline.sheets.source import Source

PIECE_BYTES: Final = 1024 * 1024
SAMPLE_BYTES: Final = 256 * 1024
"""How much of a file's beginning the rest is judged by."""

BYTE_ORDER_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)

UNICODE: Final = frozenset(codec for _, codec in BYTE_ORDER_MARKS)
"""The codecs that lack no character."""

UNDECODABLE: Final = re.compile("[\udc80-\udcff]")
"""What Python puts in the place of a byte that its codec does not know ("surrogateescape")."""


@dataclass(frozen=True, slots=True)
class Spelling:
    """The codec, and the byte order mark that stands before the text."""

    codec: str
    mark: bytes = b""
    is_fallback: bool = False
    """Nothing in the file speaks for this codec, but all others were ruled out."""


FALLBACK: Final = Spelling("cp1252", is_fallback=True)
"""Windows-1252, in which Excel saves its plain CSV in the West."""

UTF_8_MARKED: Final = Spelling("utf-8", codecs.BOM_UTF8)
"""What a copy becomes where its codec lacks a character: the mark tells spreadsheets of it."""


def spelling_of(file: BinaryIO, source: Source) -> Spelling:
    """How the file is spelled: by its mark, as the config says, or else by its NULs, its bytes.

    Raises `InputFault` where it is no text, or none in the encoding that the config names.
    """
    given = source.form.encoding
    for spelling in _candidates(file, given):
        try:
            _check_text(file, source, spelling)
        except UnicodeDecodeError:
            continue
        if given is not None:
            _check_reversible(file, source, spelling)
        return spelling
    raise _undecodable(file, source)


def sample_of(file: BinaryIO, spelling: Spelling) -> tuple[str, bool]:
    """The beginning of the text, and whether that is the whole."""
    file.seek(len(spelling.mark))
    content = file.read(SAMPLE_BYTES)
    is_whole = not file.read(1)
    decoder = codecs.getincrementaldecoder(spelling.codec)()
    return decoder.decode(content, final=is_whole), is_whole


@contextmanager
def lines_of(
    file: BinaryIO, spelling: Spelling, *, skip: str = "", errors: str = "strict"
) -> Iterator[Iterator[str]]:
    """The text's lines with their ends, behind what is skipped at its beginning.

    A line ends as it does for `csv` and for spreadsheets: with CR, LF or both, not with U+2028.
    """
    file.seek(len(spelling.mark) + len(skip.encode(spelling.codec)))
    lines = io.TextIOWrapper(file, spelling.codec, errors, newline="")
    try:
        yield lines
    finally:
        lines.detach()  # The file is read more than once; whoever opened it closes it.


def _candidates(file: BinaryIO, given: str | None) -> Sequence[Spelling]:
    file.seek(0)
    head = file.read(SAMPLE_BYTES)
    marked = next((Spelling(codec, m) for m, codec in BYTE_ORDER_MARKS if head.startswith(m)), None)
    by_nuls = _utf_16_by_nuls(head)
    if given is None:
        found = marked or by_nuls
        return [found] if found else [Spelling("utf-8"), FALLBACK]
    if given == "utf-16":
        # Without a mark or a sign of it, the order is the one in which nearly all is written.
        return [marked or by_nuls or Spelling("utf-16-le")]
    # A mark says more than a name, which was written for another export, or before a copy was
    # spelled anew: by an 8-bit codec it would be three letters, and all others could be read wrong.
    return [marked or Spelling(given)]


def _utf_16_by_nuls(head: bytes) -> Spelling | None:
    """UTF-16 without a mark: of its Latin letters, digits and line ends one byte is NUL."""
    even, odd = head[0::2].count(0), head[1::2].count(0)
    for codec, high, low in (("utf-16-le", odd, even), ("utf-16-be", even, odd)):
        # A fiftieth, since in a Chinese text only delimiters and line ends have a NUL.
        is_frequent = high * 100 >= len(head) > 0 and high >= 10 * low
        # A sheet can't be without line ends, and a stray NUL in another file makes few of them.
        if is_frequent and _ends_lines(head, codec):
            return Spelling(codec)
    return None


def _ends_lines(head: bytes, codec: str) -> bool:
    """Whether most of what looks like a line end is one in this codec."""
    text = head.decode(codec, "ignore")
    ends = text.count("\r") + text.count("\n")
    return 2 * ends > head.count(b"\r") + head.count(b"\n")


def _check_text(file: BinaryIO, source: Source, spelling: Spelling) -> None:
    """Raises `UnicodeDecodeError`, and `InputFault` where there is a NUL."""
    if not any("\0" in piece for piece in _pieces(file, spelling)):
        return
    with lines_of(file, spelling) as lines:
        number = next(n for n, line in enumerate(lines, 1) if "\0" in line)
    raise InputFault(
        place=f"{source.path}, line {number}",
        wrong="there is a NUL character, so this is no text file",
        remedy="save it as CSV UTF-8",
    )


def _pieces(file: BinaryIO, spelling: Spelling) -> Iterator[str]:
    file.seek(len(spelling.mark))
    decoder = codecs.getincrementaldecoder(spelling.codec)()
    while piece := file.read(PIECE_BYTES):
        yield decoder.decode(piece)
    yield decoder.decode(b"", final=True)


def _check_reversible(file: BinaryIO, source: Source, spelling: Spelling) -> None:
    """Some codecs of East Asia know two spellings of a character, and would write but one."""
    with lines_of(file, spelling) as lines, source.path.open("rb") as twin:
        twin.seek(len(spelling.mark))
        for number, line in enumerate(lines, 1):
            spelled = line.encode(spelling.codec)
            if twin.read(len(spelled)) != spelled:
                raise InputFault(
                    place=f"{source.path}, line {number}",
                    wrong=f"a character could not be written back in {spelling.codec} as it stands",
                    remedy="save the file as CSV UTF-8, and leave out input.csv.encoding",
                )


def _undecodable(file: BinaryIO, source: Source) -> InputFault:
    given = source.form.encoding
    if given is None:
        return InputFault(
            place=str(source.path),
            wrong="its text is neither UTF-8, UTF-16 nor Windows-1252",
            remedy="name its encoding under input.csv.encoding, or save it as CSV UTF-8",
        )
    return InputFault(
        place=f"{source.path}{_line_of_first_undecodable(file, given)}",
        wrong=f"its text is not in the encoding {given}",
        remedy="mend input.csv.encoding, or leave it out: then it is found",
    )


def _line_of_first_undecodable(file: BinaryIO, codec: str) -> str:
    if codec.startswith("utf-16"):
        return ""  # Its bytes are no characters, so that none can stand in for a wrong one.
    with lines_of(file, Spelling(codec), errors="surrogateescape") as lines:
        return next(
            (f", line {n}" for n, line in enumerate(lines, 1) if UNDECODABLE.search(line)), ""
        )
