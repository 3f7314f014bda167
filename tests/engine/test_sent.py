"""How long the replies under way are waited for: until somebody says that it is enough."""

import asyncio

import pytest

from pipeline.engine.batch.sent import Sent


async def waiting(sent: Sent, told: list[str]) -> None:
    """Wait for a reply that never comes, and tell how that ended."""
    try:
        with sent.patience():
            await asyncio.Event().wait()
    except TimeoutError:
        told.append("cut off")
    await asyncio.sleep(0)
    told.append("goes on")


def test_what_is_cut_off_goes_on_without_its_reply() -> None:
    """A start whose reply is not waited for any longer is dealt with, and not lost."""

    async def cut() -> tuple[list[str], int]:
        sent, told = Sent(asyncio.Event()), list[str]()
        task = asyncio.create_task(waiting(sent, told))
        await asyncio.sleep(0)
        sent.cut_off()
        await task
        return told, task.cancelling()

    assert asyncio.run(cut()) == (["cut off", "goes on"], 0)


def test_who_is_cancelled_by_others_is_cancelled() -> None:
    """Where the program fails, a call ends with it, cut off or not."""

    async def cancel(*, is_cut_off: bool) -> list[str]:
        sent, told = Sent(asyncio.Event()), list[str]()
        task = asyncio.create_task(waiting(sent, told))
        await asyncio.sleep(0)
        task.cancel()
        if is_cut_off:
            sent.cut_off()
        with pytest.raises(asyncio.CancelledError):
            await task
        return told

    assert asyncio.run(cancel(is_cut_off=False)) == []
    assert asyncio.run(cancel(is_cut_off=True)) == []


def test_a_reply_that_came_is_not_cut_off_later() -> None:
    """Who waits for its own row to be recorded is not disturbed."""

    async def answered() -> list[str]:
        sent, told = Sent(asyncio.Event()), list[str]()

        async def call() -> None:
            with sent.patience():
                await asyncio.sleep(0)
            await recorded.wait()
            told.append("recorded")

        recorded = asyncio.Event()
        task = asyncio.create_task(call())
        for _ in range(3):
            await asyncio.sleep(0)
        sent.cut_off()
        recorded.set()
        await task
        return told

    assert asyncio.run(answered()) == ["recorded"]
