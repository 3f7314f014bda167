"""The plots tell what is there, whatever it is."""

import re
from datetime import UTC
from xml.etree import ElementTree as ET

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline.report.page import span
from pipeline.report.plots import (
    _bars,
    credits_a_row,
    failures_by_class,
    run_durations,
    starts_and_ends,
)

amounts = st.lists(st.floats(0, 1e7, allow_subnormal=False), min_size=1, max_size=60).map(sorted)
moments = st.lists(st.floats(1e9, 2e9), min_size=1, max_size=40).map(sorted)


@settings(deadline=None, max_examples=40)
@given(starts=moments, ended=st.integers(0, 40), seconds=amounts)
def test_every_batch_can_be_drawn(starts: list[float], ended: int, seconds: list[float]) -> None:
    """One run or many, within a second or over years: each plot is a drawing that runs nothing."""
    for drawing in (
        starts_and_ends(starts, [at + 1 for at in starts[:ended]], UTC),
        run_durations(seconds),
        credits_a_row(seconds),
    ):
        svg = ET.fromstring(drawing)  # noqa: S314  # our own
        assert {node.tag.rpartition("}")[2] for node in svg.iter()} <= {
            *("svg", "g", "rect", "path", "text", "circle"),
        }
        assert "nan" not in drawing


@settings(deadline=None, max_examples=100)
@given(values=st.lists(st.floats(0, 1e7, allow_subnormal=False), min_size=2, unique=True))
@example(values=[10000000.0, 9999999.999999998])
def test_each_value_stands_in_one_bar(values: list[float]) -> None:
    """No run is lost between two bars, and none is drawn twice."""
    ordered = sorted(values)
    bars = _bars(ordered)
    assert sum(height for height, _, _ in bars) == len(values)
    assert len(bars) <= 25
    for height, first, last in bars:
        slack = (last - first) * 1e-6
        assert height == 0 or any(first - slack <= value <= last + slack for value in ordered)


def test_the_largest_class_stands_first() -> None:
    """The eye finds where most is to be mended at the top."""
    drawing = failures_by_class({"refused": 2, "run failed": 12})
    labels = re.findall(r'<text x="-5" y="([\d.]+)"[^>]*>([a-z ]+)<', drawing)
    assert [word for _, word in sorted(labels, key=lambda label: float(label[0]))] == [
        "run failed",
        "refused",
    ]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (0.84, "0.84 s"), (59, "59 s"), (200, "3 min 20 s"), (7500, "2 h 5 min")],
)
def test_a_wait_is_told_as_a_person_says_it(seconds: float, words: str) -> None:
    """No figure of it is more exact than anybody wants to know."""
    assert span(seconds) == words
