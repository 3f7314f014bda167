"""The report's plots, as SVG that stands in the page. Owns their form.

Colours and fonts are the page's: the plots name classes only, so that they follow light, dark and
paper. Must not know the ledger. Drawn by pygal (www.pygal.org).
"""

import sys
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta, tzinfo
from math import ceil, floor, log10
from typing import Any, Final
from xml.etree import ElementTree as ET

import pygal
from markupsafe import Markup
from pygal.style import Style

from pipeline.core.amounts import amount_in_words
from pipeline.core.counting import counted

# pygal joins in every later import of the process, for maps that nothing here draws, and in a way
# that Python 3.11 warns of.
sys.meta_path[:] = [f for f in sys.meta_path if not isinstance(f, pygal.PluginImportFixer)]

WIDTH: Final = 560
HEIGHT: Final = 260
MOMENTS_DRAWN: Final = 120
BARS: Final = 20
VALUES_WITH_A_BAR_EACH: Final = 10
TICKS: Final = 5

FONT_SIZE: Final = 12
STYLE: Final = Style(
    font_family="inherit",
    label_font_size=FONT_SIZE,
    major_label_font_size=FONT_SIZE,
    legend_font_size=FONT_SIZE + 1,
    value_font_size=FONT_SIZE,
    title_font_size=FONT_SIZE + 1,
)
"""Sizes alone, which the layout needs."""

UNUSED: Final = "plot tooltip-overlay"
"""The class of what pygal shows by a script, which the page has not."""

NOT_DRAWN: Final = frozenset({"title", "desc", "defs"})
"""Scripts and styles stand in `defs`."""

MINUTE_SECONDS: Final = 60
DAY_SECONDS: Final = 86400
STEPS_SECONDS: Final = (
    *(1, 2, 5, 10, 15, 30),
    *(minutes * MINUTE_SECONDS for minutes in (1, 2, 5, 10, 15, 30)),
    *(hours * 3600 for hours in (1, 2, 3, 6, 12)),
    *(days * DAY_SECONDS for days in (1, 2, 7, 14, 28, 91, 364)),
)
"""Steps between two moments that a person counts in."""


def starts_and_ends(starts: Sequence[float], ends: Sequence[float], zone: tzinfo) -> Markup:
    """How many runs were begun and had ended at each moment; both are Unix seconds, in order."""
    first, last = starts[0], max([starts[-1], *ends[-1:]])
    last = max(last, first + 1)
    chart = _chart(pygal.XY, f"{counted(len(starts), 'run')} begun and {len(ends)} ended over time")
    chart.show_legend = True
    chart.x_labels = _moments(first, last, zone)
    chart.y_labels = _whole_ticks(len(starts))
    chart.xrange = (first, last)
    for name, moments in (("started", starts), ("ended", ends)):
        steps = [first + (last - first) * n / MOMENTS_DRAWN for n in range(MOMENTS_DRAWN + 1)]
        chart.add(name, [(at, bisect_right(moments, at)) for at in steps], show_dots=False)
    return _svg(chart)


def run_durations(seconds: Sequence[float]) -> Markup:
    """How many runs took how long; seconds, in order of size."""
    return _spread(seconds, f"How long {counted(len(seconds), 'run')} took", _waited)


def credits_a_row(credits_: Sequence[float]) -> Markup:
    """How many rows cost how many credits; in order of size."""
    return _spread(credits_, f"What {counted(len(credits_), 'row')} cost, in credits", _plain)


def failures_by_class(counts: Mapping[str, int]) -> Markup:
    """How many rows are of each class, the largest first."""
    ordered = sorted(counts.items(), key=lambda item: item[1])
    words = ", ".join(f"{count} {name}" for name, count in reversed(ordered))
    chart = _chart(pygal.HorizontalBar, f"Rows that are not complete, by class: {words}")
    chart.x_labels = [name for name, _ in ordered]
    chart.y_labels = _whole_ticks(ordered[-1][1])
    chart.print_values = True
    chart.add("rows", [count for _, count in ordered])
    return _svg(chart)


def _spread(values: Sequence[float], title: str, word: Callable[[float], str]) -> Markup:
    different = sorted(set(values))
    if len(different) <= VALUES_WITH_A_BAR_EACH:
        chart = _chart(pygal.Bar, title)
        chart.x_labels = [word(value) for value in different]
        counts = [bisect_right(values, value) for value in different]
        heights = [now - before for now, before in zip(counts, [0, *counts], strict=False)]
        chart.add("", heights)
    else:
        chart = _chart(pygal.Histogram, title)
        bars = _bars(values)
        heights = [height for height, _, _ in bars]
        chart.x_value_formatter = word
        chart.add("", bars)
    chart.y_labels = _whole_ticks(max(heights))
    return _svg(chart)


def _bars(values: Sequence[float]) -> list[tuple[int, float, float]]:
    """Height, beginning and end of bars of one width, a round one, over values in order."""
    # Below a billionth of the values themselves, numbers can't tell the edges apart.
    span = max(values[-1] - values[0], 1e-9 * values[-1])
    width = _round_up(span / BARS)
    first, last = floor(values[0] / width), floor(values[-1] / width)
    edges = [number * width for number in range(first, last + 2)]
    # A value on an edge belongs to the bar that begins there. An edge is a product of fractions,
    # and may miss the outermost values by a rounding.
    below = [0, *(bisect_left(values, edge) for edge in edges[1:-1]), len(values)]
    return [(below[n + 1] - below[n], edges[n], edges[n + 1]) for n in range(len(edges) - 1)]


def _round_up(width: float) -> float:
    """The next of 1, 2 and 5 times a power of ten."""
    power: float = 10.0 ** floor(log10(width))
    return next(n * power for n in (1, 2, 5, 10) if n * power >= width * (1 - 1e-9))


def _whole_ticks(highest: int) -> list[int]:
    step = max(1, ceil(_round_up(highest / TICKS)))
    return list(range(0, highest + step, step))


def _moments(first: float, last: float, zone: tzinfo) -> list[dict[str, object]]:
    """Round moments between two, each with the words for it, shorter the closer they are."""
    fitting = (step for step in STEPS_SECONDS if step * TICKS >= last - first)
    step = next(fitting, STEPS_SECONDS[-1])
    offset = (datetime.fromtimestamp(first, zone).utcoffset() or timedelta()).total_seconds()
    form = "%H:%M:%S" if step < MINUTE_SECONDS else "%H:%M"
    if step >= DAY_SECONDS:
        form = "%d %b"
    elif last - first > DAY_SECONDS:
        form = "%d %b %H:%M"
    at = ceil((first + offset) / step) * step - offset
    labels: list[dict[str, object]] = []
    while at <= last:
        labels.append({"value": at, "label": datetime.fromtimestamp(at, zone).strftime(form)})
        at += step
    return labels


def _plain(value: float) -> str:
    return amount_in_words(value)


def _waited(seconds: float) -> str:
    return f"{seconds:.3g} s"


def _chart(kind: Any, title: str) -> Any:  # noqa: ANN401 - pygal tells no types
    chart = kind(
        width=WIDTH,
        height=HEIGHT,
        margin=8,
        spacing=8,
        js=(),
        css=(),
        style=STYLE,
        show_legend=False,
        legend_at_bottom=True,
        legend_at_bottom_columns=2,
        truncate_label=-1,
        value_formatter=_plain,
        disable_xml_declaration=True,
    )

    def accessible(svg: ET.Element) -> ET.Element:
        return _for_the_page(svg, title)

    chart.add_xml_filter(accessible)
    return chart


def _for_the_page(svg: ET.Element, title: str) -> ET.Element:
    """Leave the drawing: styles are the page's, and nothing runs or is told of the maker."""
    for parent in list(svg.iter()):
        for child in list(parent):
            is_comment = not isinstance(child.tag, str)
            if is_comment or child.tag in NOT_DRAWN or child.get("class") == UNUSED:
                parent.remove(child)
    del svg.attrib["id"]
    svg.set("role", "img")
    svg.set("aria-label", title)
    return svg


def _svg(chart: Any) -> Markup:  # noqa: ANN401 - as above
    # Every text in it is escaped by ElementTree.
    return Markup(chart.render(is_unicode=True))  # noqa: S704
