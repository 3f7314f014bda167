"""The inbox holds so much and no more, whoever posts."""

from pipeline.core.model import Observation, RunId, RunStatus
from pipeline.core.replies import Delivery
from pipeline.engine.batch.inbox import MOST, MOST_BYTES, Inbox


def a_delivery(number: int = 1, size_bytes: int = 100) -> Delivery:
    return Delivery(
        Observation(RunId(f"WRUN-{number}"), RunStatus.COMPLETE, "COMPLETE"), size_bytes
    )


def kept(inbox: Inbox, number: int) -> list[Delivery]:
    inbox.recall(RunId(f"WRUN-{number}"))
    return inbox.take()


def test_deliveries_are_taken_in_the_order_in_which_they_came() -> None:
    """And each of them once."""
    inbox = Inbox()
    deliveries = [a_delivery(number) for number in range(3)]
    assert all(map(inbox.offer, deliveries))
    assert inbox.arrived.is_set()
    assert inbox.take() == deliveries
    assert not inbox.arrived.is_set()
    assert inbox.take() == []


def test_a_flood_finds_no_room() -> None:
    """Neither in number nor in bytes; once some are taken, there is room again."""
    inbox = Inbox()
    assert sum(inbox.offer(a_delivery(n)) for n in range(2 * MOST)) == MOST
    inbox.take()
    assert sum(inbox.offer(a_delivery(n, MOST_BYTES // 4)) for n in range(10)) == 4
    inbox.take()
    assert inbox.offer(a_delivery())


def test_what_came_too_early_is_kept_until_it_is_recalled() -> None:
    """Once; and a doubled one is kept once."""
    inbox = Inbox()
    inbox.keep(RunId("WRUN-1"), a_delivery(1))
    inbox.keep(RunId("WRUN-1"), a_delivery(1, 50))
    assert kept(inbox, 2) == []
    assert kept(inbox, 1) == [a_delivery(1, 50)]
    assert kept(inbox, 1) == []


def test_of_what_is_kept_the_oldest_give_way() -> None:
    """Forgeries fill no memory, by number or by bytes."""
    inbox = Inbox()
    for number in range(MOST + 1):
        inbox.keep(RunId(f"WRUN-{number}"), a_delivery(number))
    assert kept(inbox, 0) == []
    assert len(kept(inbox, 1)) == 1
    for number in range(10):
        inbox.keep(RunId(f"WRUN-{number}"), a_delivery(number, MOST_BYTES // 4))
    assert kept(inbox, 5) == []
    assert len(kept(inbox, 6)) == 1
