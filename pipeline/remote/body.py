"""Reads what stands in a reply's body, tolerant of all that was seen. Owns JSON, numbers and words.

Must not know status codes or what a field means for a batch: that is `remote.wire`'s. Nothing here
raises, whatever the bytes.
"""

import json
import math
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

import msgspec

from pipeline.core.model import Json
from pipeline.remote.secret import Secret

LONGEST_MESSAGE: Final = 500
"""Characters of the service's own words that are kept."""

LONGEST_WAIT_SECONDS: Final = 86_400.0
"""A Retry-After beyond a day is taken for a mistake."""

_DEEPEST_WORDS: Final = 4
_MESSAGE_FIELDS: Final = ("message", "errorMessage", "error")
_DETAIL_FIELDS: Final = ("details", "errors")
_SURROGATE_ESCAPE: Final = re.compile(rb"\\u[dD][89a-fA-F]")
_LONE_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_DAMAGE: Final = re.compile("[\x00\ufffd]")
_NUMBER: Final = re.compile(r"\d+(\.\d+)?", re.ASCII)


def _float(text: str) -> float | str:
    return number if math.isfinite(number := float(text)) else text


# NaN and Infinity are no JSON, nor can a number beyond all bounds be kept, but a run that was paid
# for is not thrown away for one of them: they become text. So too for raw line breaks in a string.
_DECODER: Final = json.JSONDecoder(strict=False, parse_constant=str, parse_float=_float)


def parsed(body: bytes) -> Json:
    """The body as JSON; ``None`` where it is null or not JSON, which tell the same: nothing."""
    try:
        value: Json = msgspec.json.decode(body)
    except (ValueError, RecursionError):
        return _parsed_tolerantly(body)
    return value


def _parsed_tolerantly(body: bytes) -> Json:
    """What a strict reader refuses, as far as it can be made sense of."""
    try:
        value: Json = _DECODER.decode(body.decode("utf-8", "replace").removeprefix("\ufeff"))
        return _mended(value) if _SURROGATE_ESCAPE.search(body) else value
    except (ValueError, RecursionError):
        return None


def _mended(value: Json) -> Json:
    """The value without lone surrogates, which neither SQLite nor a workbook can hold.

    A model's output that was cut within an emoji has them; the decoder has joined those in pairs.
    """
    text = _LONE_SURROGATE.sub("\ufffd", json.dumps(value, ensure_ascii=False))
    mended: Json = _DECODER.decode(text)
    return mended


def text_or_none(value: Json) -> str | None:
    """Opaque text such as an id: a number counts as its digits; blank or damaged text is none."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, str) and value.strip() and not _DAMAGE.search(value):
        return value
    return None


def object_or_none(value: Json) -> Mapping[str, Json] | None:
    """A JSON object, also one that stands inside text."""
    if isinstance(value, str) and value.lstrip().startswith("{"):
        value = parsed(value.encode("utf-8", "replace"))
    return value if isinstance(value, dict) else None


def amount_or_none(value: Json) -> float | None:
    """A number of zero or more, also in text; anything else, a truth value or NaN too, is none."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        value = float(value) if _NUMBER.fullmatch(value := value.strip()) else None
    if not isinstance(value, int | float):
        return None
    try:
        amount = float(value)
    except OverflowError:
        return None
    return amount if math.isfinite(amount) and amount >= 0 else None


def moment_or_none(value: Json) -> float | None:
    """A moment in ISO 8601, in Unix seconds; without a zone it is UTC. Anything else is none."""
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value.strip())
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None


def retry_after_seconds(header: str | None, now: float) -> float | None:
    """Seconds to wait by a Retry-After header (RFC 9110, 10.2.3): a number, or a date after `now`.

    A date that has passed is 0. Malformed, negative or beyond a day is ``None``.
    """
    if header is None:
        return None
    text = header.strip()
    seconds = float(text) if _NUMBER.fullmatch(text) else _seconds_until(text, now)
    return seconds if seconds is not None and seconds <= LONGEST_WAIT_SECONDS else None


def _seconds_until(date: str, now: float) -> float | None:
    try:
        moment = parsedate_to_datetime(date)
        # A date without a zone is GMT: the header knows no other.
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return max(0.0, aware.timestamp() - now)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def message_in(value: Json, secret: Secret) -> str | None:
    """The service's own words in an error or in a failed run, as one bounded line."""
    if not isinstance(value, dict):
        return None
    told = next((text for text in _words_of(value, _MESSAGE_FIELDS) if text), "")
    details = next((text for text in _words_of(value, _DETAIL_FIELDS) if text), "")
    text = ": ".join(part for part in (told, details) if part)
    return one_line(text or text_or_none(value.get("errorCode")) or "", secret) or None


def _words_of(value: Mapping[str, Json], fields: tuple[str, ...]) -> Iterator[str]:
    return (_words(value.get(field)) for field in fields)


def _words(value: Json, depth: int = 0) -> str:
    """A value in words: lists and objects lose their brackets, and what lies too deep is left."""
    if depth > _DEEPEST_WORDS:
        return "…"
    match value:
        case None | bool():
            return ""
        case str():
            return value
        case int() | float():
            return text_or_none(value) or str(value)
        case list():
            return "; ".join(filter(None, (_words(item, depth + 1) for item in value)))
        case dict():
            parts = ((name, _words(item, depth + 1)) for name, item in value.items())
            return ", ".join(f"{name}: {text}" for name, text in parts if text)


def one_line(text: str, secret: Secret, longest: int = LONGEST_MESSAGE) -> str:
    """The text as one printable, bounded line without the key.

    The key goes first: cut or folded, a part of it would stay.
    """
    printable = "".join(c if c.isprintable() else " " for c in secret.hidden_in(text))
    line = " ".join(printable.split())
    return line if len(line) <= longest else line[: longest - 1] + "…"
