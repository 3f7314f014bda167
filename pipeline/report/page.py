"""The report as one HTML page. Owns its words and its order; the look is `report.css`.

The page loads nothing: styles and plots stand in it. Must not know the ledger or files.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from importlib import resources
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from pipeline.core.amounts import about_in_words, amount_in_words
from pipeline.core.counting import counted
from pipeline.ledger.history import TroubledRow
from pipeline.report.figures import Findings, spread_of
from pipeline.report.plots import (
    credits_a_row,
    failures_by_class,
    run_durations,
    starts_and_ends,
)
from pipeline.report.troubles import ADVICE, TroubledGroup

OPENING: Final = "<!doctype html>\n<!-- made by pipeline report -->\n"
"""What each report begins with, and no other file: a report is written over nothing else."""

ROWS_SHOWN: Final = 200
"""So many rows of one class are shown; the others are counted."""

MINUTE_SECONDS: Final = 60

PAGES: Final = Environment(
    loader=PackageLoader("pipeline.report", ""),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
PAGES.filters["amount"] = amount_in_words


@dataclass(frozen=True, slots=True)
class Subject:
    """What the report is of, and when and where it is made."""

    batch: str
    config: str
    """The config's file name, as the remedies name it."""
    settings: Sequence[tuple[str, str]]
    made_at: float
    """In Unix seconds."""
    zone: tzinfo
    holder: str | None
    """The process that runs the batch at this moment; ``None``: it does not run."""


@dataclass(frozen=True, slots=True)
class Plot:
    """A drawing with its heading and what should be known of it."""

    title: str
    note: str
    drawing: Markup


@dataclass(frozen=True, slots=True)
class Section:
    """A class of rows that are not complete, as the page tells it."""

    title: str
    count: int
    meaning: str
    remedy: str
    rows: Sequence[TroubledRow]
    left_out: int
    """Rows that are not in the table."""


def page(subject: Subject, found: Findings) -> str:
    """The whole page as text."""
    return OPENING + PAGES.get_template("report.html").render(
        subject=subject,
        # Our own file, and no text of a user's.
        css=Markup(_css()),  # noqa: S704
        made=_moment(subject.made_at, subject.zone),
        zone=datetime.fromtimestamp(subject.made_at, subject.zone).tzname(),
        rows=found.tally.rows,
        counts={status: count for status, count in found.tally.by_status().items() if count},
        figures=_figures(found, subject.zone),
        plots=_plots(found, subject.zone),
        sections=[_section(group, subject.config) for group in found.groups],
    )


def _css() -> str:
    return resources.files("pipeline.report").joinpath("report.css").read_text(encoding="utf-8")


def _figures(found: Findings, zone: tzinfo) -> list[tuple[str, str]]:
    """The figures beside the counts, each with its name."""
    tally = found.tally
    unknown = (
        f" ({counted(tally.credits_unknown, 'run')} named none)" if tally.credits_unknown else ""
    )
    figures = [("credits", f"{amount_in_words(tally.credits)}{unknown}")]
    if (cost := spread_of(found.row_credits)) is not None:
        average, most = about_in_words(cost.mean), amount_in_words(cost.highest)
        figures.append(("credits a row", f"{average} on average, {most} at most"))
    if found.started_at:
        figures.append(("runs", f"{len(found.started_at):,} begun, {len(found.ended_at):,} ended"))
        figures.append(("first start", _moment(found.started_at[0], zone)))
    if found.ended_at:
        figures.append(("last end", _moment(found.ended_at[-1], zone)))
    if (took := spread_of(found.run_seconds)) is not None:
        words = f"half within {span(took.median)}, nine of ten within {span(took.nine_of_ten)}"
        figures.append(("a run took", words))
    return figures


def _plots(found: Findings, zone: tzinfo) -> list[Plot]:
    plots = []
    if found.started_at:
        drawing = starts_and_ends(found.started_at, found.ended_at, zone)
        note = "Runs begun and runs seen to end, counted up."
        plots.append(Plot("Starts and ends over time", note, drawing))
    if found.run_seconds:
        note = "From the accepted start to the look that saw its end, in seconds."
        plots.append(Plot("How long the runs took", note, run_durations(found.run_seconds)))
    if found.row_credits:
        note = "Rows by what all attempts for them cost together."
        plots.append(Plot("Credits a row", note, credits_a_row(found.row_credits)))
    if found.groups:
        counts = {ADVICE[group.trouble].word: group.count for group in found.groups}
        note = "Rows that are not complete; what to do about each class stands below."
        plots.append(Plot("Failures by class", note, failures_by_class(counts)))
    return plots


def _section(group: TroubledGroup, config: str) -> Section:
    advice = ADVICE[group.trouble]
    rows = group.rows[:ROWS_SHOWN]
    return Section(
        title=group.trouble.value,
        count=group.count,
        meaning=advice.meaning,
        remedy=advice.remedy.format(config=config),
        rows=rows,
        left_out=group.count - len(rows),
    )


def _moment(seconds: float, zone: tzinfo) -> str:
    return f"{datetime.fromtimestamp(seconds, zone):%Y-%m-%d %H:%M:%S}"


def span(seconds: float) -> str:
    """A wait as a person says it: ``0.8 s``, ``3 min 20 s``, ``2 h 5 min``."""
    if seconds < MINUTE_SECONDS:
        return f"{seconds:.2g} s"
    minutes, rest = divmod(round(seconds), MINUTE_SECONDS)
    if minutes < MINUTE_SECONDS:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"
