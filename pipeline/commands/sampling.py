"""What a run would send, variable by variable, for a person who looks it over before paying.

Must not know what was started. It tells what stands in cells, so it is for stdout alone.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from pipeline.commands.terminal import printable
from pipeline.core.model import Json
from pipeline.core.rows.variables import (
    Fixed,
    FromColumn,
    FromTemplate,
    RenderedRow,
    Sendable,
    Variable,
)

VALUES_SHOWN: Final = 3
WIDTH: Final = 80
"""Columns of a terminal that nobody made wider."""
NAME_WIDTH: Final = 20
VALUE_WIDTH: Final = 24
"""Characters of a value that are shown, where it is not the last of its line."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One start variable over all rows that can be sent; the names are those of the JSON."""

    variable: str
    source: str
    """The column, the template or the value that it is made from."""
    filled: int
    """Rows whose value is not empty."""
    empty: int
    different: int
    """How many different values there are."""
    values: tuple[Json, ...]
    """The first different ones."""


def samples(rows: Iterable[RenderedRow], variables: Mapping[str, Variable]) -> tuple[Sample, ...]:
    """A sample of each start variable, in the config's order."""
    often: dict[str, Counter[Json]] = {
        name: Counter() for name, rule in variables.items() if not isinstance(rule, Fixed)
    }
    sendable = 0
    for row in rows:
        if isinstance(row, Sendable):
            sendable += 1
            for name, counter in often.items():
                counter[row.variables[name]] += 1
    return tuple(
        _same_for_each(name, variable, sendable)
        if isinstance(variable, Fixed)
        else _sample(name, variable, often[name])
        for name, variable in variables.items()
    )


def _sample(name: str, variable: Variable, often: Counter[Json]) -> Sample:
    empty = often[""]
    return Sample(
        variable=name,
        source=_source(variable),
        filled=often.total() - empty,
        empty=empty,
        different=len(often),
        values=tuple(islice(filter(None, often), VALUES_SHOWN)),
    )


def _same_for_each(name: str, variable: Fixed, rows: int) -> Sample:
    return Sample(name, _source(variable), rows, 0, min(rows, 1), (variable.value,))


def _source(variable: Variable) -> str:
    match variable:
        case FromColumn(column):
            return f"column {column}"
        case FromTemplate(source):
            return f"template {source}"
        case Fixed():
            return "the same for each row"


def table(samples_: Sequence[Sample]) -> Iterator[str]:
    """The samples in lines of 80 columns."""
    if not samples_:
        return
    title = "variable"
    width = min(NAME_WIDTH, max(len(title), *(len(sample.variable) for sample in samples_)))
    yield f"{title:{width}}  {'filled':>6}  {'empty':>6}  {'differ':>6}  such as"
    for sample in samples_:
        start = (
            f"{_cut(sample.variable, width):{width}}  {sample.filled:>6}  {sample.empty:>6}  "
            f"{sample.different:>6}  "
        )
        values = ", ".join(_cut(_as_text(value), VALUE_WIDTH) for value in sample.values)
        yield printable(_cut(start + values, WIDTH).rstrip())


def body_in_words(body: Mapping[str, Json]) -> str:
    """A request's body as a person reads it; what a terminal would obey is written as an escape."""
    text = json.dumps(body, ensure_ascii=False, indent=2)
    # JSON has its own escapes for line breaks within a value: those here part its lines.
    return "".join(c if c.isprintable() or c == "\n" else json.dumps(c)[1:-1] for c in text)


def _as_text(value: Json) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return " ".join(text.split())


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}…"
