"""The life of a simulated run: its statuses, its end, and what of it follows from the seed."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.simulator.replies import Json
from pipeline.simulator.service import Service
from pipeline.simulator.settings import Settings
from tests.simulator.builders import NOON, begun, seen


def run_end(service: Service, share: float) -> float:
    """The first moment, to a hundredth of a second, at or after a share of the only run's life."""
    run_id = service.count_with_runs(NOON).body["runs"][0]["id"]
    ages = (age / 100 for age in range(1600))
    end = next(a for a in ages if seen(service, run_id, NOON + a)["status"] == "COMPLETE")
    return NOON + end * share + (0.01 if share < 1 else 0)


@pytest.mark.parametrize(
    ("age_seconds", "fail", "status", "ended"),
    [
        (0, 0, "NEW", False),
        (0, 1, "NEW", False),
        (2, 0, "PROCESSING", False),
        (2, 1, "PROCESSING", False),
        (15, 0, "COMPLETE", True),
        (15, 1, "FAILED", True),
        (-5, 0, "NEW", False),
    ],
)
def test_a_run_walks_through_its_statuses(
    age_seconds: float, fail: float, status: str, *, ended: bool
) -> None:
    """The status follows from the run's age; credits and the reason stand only once it ended."""
    service = Service(Settings(duration_seconds=10, fail=fail, credits=3))
    run = seen(service, begun(service), NOON + age_seconds)
    assert run["status"] == status
    assert run.get("credits") == (3 if ended else None)
    assert ("error" in run) == (status == "FAILED")
    assert ("Summary" in run["output"]) == (status == "COMPLETE")
    assert run["createdAt"] == "2023-11-14T22:13:20.000Z"
    assert run["input"] == {"Company": "Acme"}


def test_a_run_shows_some_outputs_before_it_ends() -> None:
    """Halfway a part of the outputs is there, and it stays what it was."""
    service = Service(Settings(duration_seconds=10))
    run_id = begun(service)
    half, whole = (seen(service, run_id, run_end(service, share))["output"] for share in (0.5, 1))
    assert set(half) < set(whole)
    assert half
    assert half.items() <= whole.items()


def test_a_run_without_duration_is_complete_at_once() -> None:
    """With a duration of 0 the first look finds the end."""
    service = Service(Settings(duration_seconds=0))
    assert seen(service, begun(service), NOON)["status"] == "COMPLETE"


@given(seed=st.integers())
@settings(deadline=None, max_examples=30)
def test_durations_stay_between_half_and_one_and_a_half(seed: int) -> None:
    """No run ends before half of the duration or goes on beyond one and a half."""
    service = Service(Settings(seed=seed, duration_seconds=10))
    for _ in range(10):
        run_id = begun(service)
        assert seen(service, run_id, NOON + 4.99)["status"] == "PROCESSING"
        assert seen(service, run_id, NOON + 15)["status"] == "COMPLETE"


def test_the_share_of_failures_is_kept() -> None:
    """Of a thousand runs about the share that was asked for fails."""
    service = Service(Settings(duration_seconds=0, fail=0.3))
    words = [seen(service, begun(service), NOON)["status"] for _ in range(1000)]
    assert 250 < words.count("FAILED") < 350


def test_credits_are_charged_when_a_run_ends_whichever_way() -> None:
    """The count's credits are those of the runs that have ended by then."""
    service = Service(Settings(duration_seconds=10, credits=2.5, fail=0.5))
    for _ in range(20):
        begun(service)
    assert service.count(NOON).body["credits"] == 0
    assert service.count(NOON + 15).body["credits"] == 50


@given(seed=st.integers(), order=st.permutations(range(6)))
@settings(deadline=None, max_examples=30)
def test_equal_seeds_give_equal_runs_in_whatever_order_they_are_looked_at(
    seed: int, order: list[int]
) -> None:
    """Ids, ends and outputs depend on the seed and the run's number, not on the looks between."""
    world = Settings(seed=seed, duration_seconds=10, fail=0.5)
    one, other = Service(world), Service(world)
    ids = [begun(one) for _ in range(6)]
    assert [begun(other) for _ in range(6)] == ids
    for index in order:
        seen(other, ids[index], NOON)
    late = NOON + 10
    assert other.count_with_runs(late).body["runs"] == one.count_with_runs(late).body["runs"]
    assert [seen(other, i, late) for i in ids] == [seen(one, i, late) for i in ids]


def test_seeds_differ() -> None:
    """Another seed gives other ids and other ends."""

    def words(seed: int) -> list[Json]:
        service = Service(Settings(seed=seed, duration_seconds=0, fail=0.5))
        return [seen(service, begun(service), NOON)["status"] for _ in range(30)]

    assert words(1) != words(2)
    assert begun(Service(Settings(seed=1))) != begun(Service(Settings(seed=2)))


def test_a_simulator_that_starts_over_gives_no_id_again() -> None:
    """A run of a later process is never taken for one of an earlier."""
    assert begun(Service(Settings()), NOON) != begun(Service(Settings()), NOON + 60)
