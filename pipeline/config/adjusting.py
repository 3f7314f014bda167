"""What may be changed of a batch while it runs. Owns the keys, and the reading of their values.

A value is written as in the config, and validated by the same model. Must not know how a change
reaches the batch, nor what it does there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

from pydantic import Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass as section

from pipeline.config.sections.behaviour import Limits
from pipeline.config.source import read_scalar
from pipeline.config.values.fields import SECTION
from pipeline.config.words import found
from pipeline.errors import FaultGroup, UsageFault

EXAMPLES: Final[Mapping[str, str]] = {
    "limits.rate": "30/min",
    "limits.max_in_flight": "100",
    "limits.max_credits": "500",
    "limits.max_failures": "20",
    "paused": "true",
}
"""The keys that a batch takes while it runs, each with a value."""

_BY_WORD: Final = {key.rpartition(".")[2]: key for key in EXAMPLES} | {key: key for key in EXAMPLES}
"""The keys by all that they may be called: whole, and without their section."""

_AS_WRITTEN: Final = Path("adjust")
"""A context for the validation: values are as a person writes them."""


@dataclass(frozen=True, slots=True)
class Adjusted:
    """How a batch goes on once it has heeded what was changed."""

    limits: Limits
    is_paused: bool = False
    """Whether no run is started; those in flight are watched on."""


@section(frozen=True, slots=True, kw_only=True, config=SECTION)
class _Written:
    """The keys as they are validated."""

    limits: Limits
    paused: bool = Field(default=False, strict=True)


_WRITTEN: Final = TypeAdapter(_Written)


def read_changes(words: Sequence[str]) -> dict[str, str]:
    """Keys and values of a command line such as ``limits.rate=30/min``.

    Raises `FaultGroup` where a key is not known or stands twice, or a value is none for it.
    """
    changes: dict[str, str] = {}
    faults: list[UsageFault] = []
    for place, word in enumerate(words, 1):
        key, _, text = word.partition("=")
        fault = _fault_of_key(key, place, changes) or _fault_of_value(key, text)
        faults += [fault] if fault else []
        changes[key] = text
    if faults:
        raise FaultGroup(faults)
    return changes


def adjusted(limits: Limits, changes: Mapping[str, str]) -> Adjusted:
    """The config's limits with these changes; each must be one that `read_changes` took."""
    values: dict[str, Any] = {}
    is_paused = False
    for key, text in changes.items():
        written = _validated(key, text)
        name = key.removeprefix("limits.")
        if name == key:
            is_paused = written.paused
        else:
            values[name] = getattr(written.limits, name)
    return Adjusted(replace(limits, **values), is_paused)


def _validated(key: str, text: str) -> _Written:
    """A change within the model, where all else has its default. Raises `ValidationError`."""
    outer, _, inner = key.partition(".")
    value = read_scalar(text)
    content = {"limits": {}, outer: {inner: value} if inner else value}
    return _WRITTEN.validate_python(content, context=_AS_WRITTEN, by_alias=True, by_name=False)


def _fault_of_key(key: str, place: int, before: Mapping[str, str]) -> UsageFault | None:
    if key in before:
        return UsageFault(place=key, wrong="the key stands twice", remedy="leave one out")
    if key in EXAMPLES:
        return None
    near = get_close_matches(key.casefold(), _BY_WORD, n=1)
    return UsageFault(
        # What is no word of ours is not told: it may be a key that was pasted.
        place=key if near else f"pipeline adjust, change {place}",
        wrong="there is no such key that a running batch takes",
        remedy=f"did you mean {_BY_WORD[near[0]]}?"
        if near
        else f"the keys are {', '.join(EXAMPLES)}",
    )


def _fault_of_value(key: str, text: str) -> UsageFault | None:
    remedy = f"write it like {key}={EXAMPLES[key]}"
    if not text:
        return UsageFault(place=key, wrong="no value stands here", remedy=remedy)
    try:
        _validated(key, text)
    except ValidationError as error:
        wrong = found(error.errors(include_url=False)[0]).wrong
        return UsageFault(place=key, wrong=wrong, remedy=remedy)
    return None
