"""Deliveries are trusted as far as they come."""

from dataclasses import replace

from pipeline.core.timing.pushing import MOST_UNTOLD, DueLook, Hearing, Trust

A_LOOK = DueLook(
    age_seconds=10.0,
    looked_at_age_seconds=0.0,
    is_longest_watched=False,
    until_given_up_seconds=3600.0,
    first_seconds=5.0,
    max_seconds=60.0,
)


def proven(*ages: float) -> Hearing:
    hearing = Hearing()
    hearing.listen()
    for age_seconds in ages:
        hearing.told(age_seconds)
    return hearing


def test_where_nobody_listens_no_look_waits() -> None:
    """Without webhooks nothing changes."""
    assert Hearing().may_wait_seconds(A_LOOK) == 0


def test_until_a_delivery_comes_only_the_longest_watched_run_is_looked_at() -> None:
    """It shows whether deliveries come, for the price of one run's looks."""
    hearing = proven()
    assert hearing.may_wait_seconds(replace(A_LOOK, is_longest_watched=True)) == 0
    assert hearing.may_wait_seconds(A_LOOK) == 5
    assert hearing.may_wait_seconds(replace(A_LOOK, age_seconds=50.0)) == 25


def test_a_run_is_overdue_at_twice_the_age_that_runs_get() -> None:
    """Before that no look leaves; after a look, at twice the age that it saw."""
    hearing = proven(20.0, 30.0)
    assert hearing.may_wait_seconds(A_LOOK) == 50
    assert hearing.may_wait_seconds(replace(A_LOOK, age_seconds=60.0)) == 0
    looked_at = replace(A_LOOK, age_seconds=65.0, looked_at_age_seconds=60.0)
    assert hearing.may_wait_seconds(looked_at) == 55


def test_a_look_that_sees_a_run_still_running_makes_the_others_of_its_age_wait() -> None:
    """Where short runs are told of first, not every long one is looked at for it."""
    hearing = proven(1.0, 1.0, 1.0)
    assert hearing.may_wait_seconds(A_LOOK) == 0
    hearing.saw_running(10.0)
    assert hearing.may_wait_seconds(A_LOOK) == 10


def test_what_a_look_sees_while_nobody_tells_is_not_learnt() -> None:
    """Once deliveries come, what they tell is the measure of how old runs get."""
    hearing = Hearing()
    hearing.saw_running(1000.0)
    hearing.listen()
    hearing.told(1.0)
    assert hearing.may_wait_seconds(A_LOOK) == 0


def test_few_runs_that_hang_make_no_other_wait_for_longer() -> None:
    """Of a hundred, five are no measure."""
    hearing = proven(*[3000.0] * 5, *[10.0] * 95)
    assert hearing.may_wait_seconds(replace(A_LOOK, age_seconds=20.0)) == 0


def test_no_look_waits_beyond_the_giving_up_or_the_longest_wait() -> None:
    """A run is looked at when it is given up; a change of trust holds for all within `max`."""
    hearing = proven(2000.0)
    assert hearing.may_wait_seconds(A_LOOK) == 60
    assert hearing.may_wait_seconds(replace(A_LOOK, until_given_up_seconds=7.0)) == 7
    assert hearing.may_wait_seconds(replace(A_LOOK, until_given_up_seconds=-7.0)) == 0


def test_a_wait_that_no_clock_could_tell_is_none() -> None:
    """Rounding never makes a look wait for ever."""
    assert proven(5.0).may_wait_seconds(replace(A_LOOK, age_seconds=10.0 - 1e-12)) == 0


def test_ends_that_nobody_told_of_break_the_trust_and_one_that_is_told_mends_it() -> None:
    """A tunnel that falls is noticed, and one that comes back is too."""
    hearing = proven(30.0)
    for _ in range(MOST_UNTOLD):
        assert hearing.is_trusted
        hearing.found_untold()
    assert hearing.trust is Trust.BROKEN
    assert hearing.may_wait_seconds(A_LOOK) == 0
    hearing.told(None)
    assert hearing.trust is Trust.PROVEN
    hearing.found_untold()
    hearing.told(30.0)
    hearing.found_untold()
    assert hearing.trust is Trust.PROVEN


def test_a_batch_that_does_not_listen_never_trusts() -> None:
    """Ends found by looks are the rule there."""
    hearing = Hearing()
    for _ in range(MOST_UNTOLD):
        hearing.found_untold()
    assert hearing.trust is Trust.NOT_LISTENING


def test_what_was_not_told_may_come_late_where_deliveries_come_or_may() -> None:
    """Not where nobody listens, nor where none ever came and ends were found untold."""
    assert not Hearing().may_come_late
    for hearing, may_come in ((proven(), False), (proven(1.0), True)):
        assert hearing.may_come_late
        for _ in range(MOST_UNTOLD):
            hearing.found_untold()
        assert hearing.trust is Trust.BROKEN
        assert hearing.may_come_late is may_come
