"""What the live page draws."""

from pathlib import Path

import pytest

from pipeline.core.model import State
from pipeline.report.live.charts import STEPS, durations_of, lately, whole
from tests.core.builders import NOON
from tests.ledger.builders import a_ledger, ids_of, looked_on, stands


@pytest.mark.parametrize("seconds", [0, 1, 59, 60, 3599, 3600, 86_400, 30 * 86_400, 400 * 86_400])
def test_however_long_a_batch_takes_its_bars_are_few_and_hold_every_run(
    tmp_path: Path, seconds: int
) -> None:
    """At most sixty or so, each a round step of time, the last one included."""
    with a_ledger(tmp_path, "a", "b") as ledger, looked_on(tmp_path) as looking:
        a, b = ids_of(ledger)
        ledger.save(
            [
                stands(a, State.COMPLETE, started_at=NOON + 0.5, ended_at=NOON + 0.6),
                stands(b, State.FAILED, started_at=NOON + seconds, ended_at=NOON + seconds + 1),
            ]
        )
        line = whole(looking.ledger.history, NOON + seconds + 5, is_going_on=False)
        assert line is not None
        assert (sum(line.starts), sum(line.complete), sum(line.others)) == (2, 1, 1)
        assert len(line.starts) <= STEPS + 1
        assert line.begins_at % line.step_seconds == 0
        assert line.begins_at <= NOON + 0.5


def test_a_batch_that_goes_on_is_shown_up_to_now(tmp_path: Path) -> None:
    """A lull is seen as one."""
    with a_ledger(tmp_path, "a") as ledger, looked_on(tmp_path) as looking:
        assert whole(looking.ledger.history, NOON, is_going_on=True) is None
        ledger.save([stands(ids_of(ledger)[0], State.RUNNING, started_at=NOON)])
        ended = whole(looking.ledger.history, NOON + 50, is_going_on=False)
        going_on = whole(looking.ledger.history, NOON + 50, is_going_on=True)
        assert ended is not None
        assert going_on is not None
        assert len(ended.starts) == 1
        assert len(going_on.starts) == 51


def test_the_last_hour_is_shown_where_the_batch_is_longer(tmp_path: Path) -> None:
    """Else it would be the same picture twice."""
    with a_ledger(tmp_path, "a") as ledger, looked_on(tmp_path) as looking:
        ledger.save([stands(ids_of(ledger)[0], State.RUNNING, started_at=NOON)])
        assert lately(looking.ledger.history, NOON + 3599) is None
        hour = lately(looking.ledger.history, NOON + 3700)
        assert hour is not None
        assert sum(hour.starts) == 0
        assert hour.begins_at <= NOON + 100


@pytest.mark.parametrize("taken", [[5.0], [0.0], [0.0, 0.0], [1.0, 2.0, 3.0, 900.0], [2.0] * 50])
def test_each_run_is_in_one_bar(taken: list[float]) -> None:
    """A run that hung does not push all others into the first bar, and is not left out."""
    durations = durations_of(taken)
    assert durations is not None
    assert sum(durations.bars) == durations.runs == len(taken)
    assert durations.median <= durations.slow <= durations.longest == max(taken)


def test_without_a_run_that_ended_there_is_nothing_to_draw() -> None:
    """No chart is better than an empty one."""
    assert durations_of([]) is None
