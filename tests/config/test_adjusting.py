"""What can be changed of a running batch, and how a wrong change is told."""

import pytest

from pipeline.config.adjusting import EXAMPLES, Adjusted, adjusted, read_changes
from pipeline.config.sections.behaviour import Limits
from pipeline.core.money.budget import FailureLimit
from pipeline.core.timing.pacing import Rate
from pipeline.errors import Exit, FaultGroup

BEFORE = Limits(max_credits=10, max_in_flight=7)


@pytest.mark.parametrize("key", EXAMPLES)
def test_each_example_is_good(key: str) -> None:
    """What a remedy says can be given."""
    assert read_changes([f"{key}={EXAMPLES[key]}"]) == {key: EXAMPLES[key]}


@pytest.mark.parametrize(
    ("change", "after"),
    [
        (
            "limits.rate=30/min",
            Adjusted(Limits(rate=Rate(30, 60), max_credits=10, max_in_flight=7)),
        ),
        ("limits.max_in_flight=9", Adjusted(Limits(max_credits=10, max_in_flight=9))),
        ("limits.max_credits=2.5", Adjusted(Limits(max_credits=2.5, max_in_flight=7))),
        ("limits.max_credits=null", Adjusted(Limits(max_in_flight=7))),
        (
            "limits.max_failures=10%",
            Adjusted(
                Limits(max_credits=10, max_in_flight=7, max_failures=FailureLimit(percent=10))
            ),
        ),
        ("paused=true", Adjusted(BEFORE, is_paused=True)),
        ("paused=false", Adjusted(BEFORE)),
    ],
)
def test_a_change_is_over_the_config(change: str, after: Adjusted) -> None:
    """It is read as the config would read it, and leaves all else as it was."""
    assert adjusted(BEFORE, read_changes([change])) == after


def test_the_last_word_of_two_calls_holds() -> None:
    """Changes add up, by key."""
    changes = read_changes(["paused=true", "limits.max_credits=5"])
    assert adjusted(BEFORE, {**changes, **read_changes(["paused=false"])}).limits.max_credits == 5


@pytest.mark.parametrize(
    ("word", "place", "wrong", "remedy"),
    [
        ("limits.rate=60/m", "limits.rate", "'60/m' is not a rate", "limits.rate=30/min"),
        ("limits.rate=60", "limits.rate", "60 is not a rate: it has no unit", "30/min"),
        ("limits.rate=", "limits.rate", "no value", "limits.rate=30/min"),
        ("limits.rate", "limits.rate", "no value", "limits.rate=30/min"),
        ("limits.max_credits=lots", "limits.max_credits", "not a number", "max_credits=500"),
        ("limits.max_credits=-1", "limits.max_credits", "at least 0", "max_credits=500"),
        ("limits.max_credits=[5]", "limits.max_credits", "not a number", "max_credits=500"),
        ("limits.max_credits=[5", "limits.max_credits", "not a number", "max_credits=500"),
        ("limits.max_in_flight=0", "limits.max_in_flight", "at least 1", "max_in_flight=100"),
        ("limits.max_failures=0", "limits.max_failures", "no limit", "max_failures=20"),
        ("paused=yes", "paused", "not true or false", "paused=true"),
        ("limits.rat=5/s", "limits.rat", "no such key", "did you mean limits.rate?"),
        ("pause=true", "pause", "no such key", "did you mean paused?"),
        ("rate=5/s", "rate", "no such key", "did you mean limits.rate?"),
        ("max_credit=5", "max_credit", "no such key", "did you mean limits.max_credits?"),
        ("foo=3", "pipeline adjust, change 1", "no such key", "the keys are limits.rate"),
    ],
)
def test_a_wrong_change_is_told_with_its_remedy(
    word: str, place: str, wrong: str, remedy: str
) -> None:
    """The key, what is wrong and what to write."""
    with pytest.raises(FaultGroup) as caught:
        read_changes([word])
    (problem,) = caught.value.problems
    assert problem.exit is Exit.WRONG
    assert problem.place == place
    assert wrong in problem.wrong
    assert remedy in problem.remedy


def test_all_faults_come_at_once() -> None:
    """A line each; what is no word of ours is not told back."""
    with pytest.raises(FaultGroup) as caught:
        read_changes(["sk-secret=1", "paused=true", "paused=false", "limits.rate=1"])
    lines = [str(problem) for problem in caught.value.problems]
    assert len(lines) == 3
    assert "sk-secret" not in "".join(lines)
    assert lines[0].startswith("pipeline adjust, change 1: ")
    assert "twice" in lines[1]
