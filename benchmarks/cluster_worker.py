"""The program, with the fence taken out, or with a stop at the worst moment: for a benchmark."""

import os
import signal
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pipeline.cli import main
from pipeline.core.model import Json
from pipeline.engine.calls.starter import Starter
from pipeline.ledger.shared.chunks import Chunk, Claim
from pipeline.remote.client import Client


def take_out_the_fence() -> None:
    """Let whoever was given up go on as if nothing had happened."""
    setattr(Chunk, "_hold", lambda *_, **__: None)  # noqa: B010 - the guards are no public names
    setattr(Chunk, "_guard", lambda *_: None)  # noqa: B010 - as above
    setattr(Starter, "_may_leave", lambda *_: lambda: True)  # noqa: B010 - as above


def stop_before_the_tenth_send() -> None:
    """Stand still once, between a durable intent and its send, as a machine does that sleeps."""
    send: Callable[..., Any] = Client.start
    see = Chunk.claimed
    seen: list[Chunk] = []
    sends = 0

    def claimed(self: Chunk, *arguments: Any) -> Chunk:  # noqa: ANN401 - whatever it takes
        seen.append(self)
        return see(self, *arguments)

    async def start(
        self: Client,
        variables: Mapping[str, Json],
        metadata: Mapping[str, Json],
        may_leave: Callable[[], bool] | None = None,
    ) -> Any:  # noqa: ANN401 - whatever it gives
        nonlocal sends
        sends += 1
        if sends == 10:  # noqa: PLR2004 - some are on their way by then
            entry_id = int(str(metadata["pipeline_attempt"]).split("-")[-2])
            claim = next(c.claim for c in reversed(seen) if c.claim.holds(entry_id))
            stand_still(claim)
        return await send(self, variables, metadata, may_leave)

    setattr(Chunk, "claimed", claimed)  # noqa: B010 - mypy knows no patches
    setattr(Client, "start", start)  # noqa: B010 - as above


def stand_still(claim: Claim) -> None:
    """Say which chunk is left alone, and stop until SIGCONT."""
    Path("stopping").write_text(f"{claim.chunk_id} {claim.epoch}", encoding="utf-8")
    Path("stopping").rename("stopped")
    os.kill(os.getpid(), signal.SIGSTOP)


if __name__ == "__main__":
    options = {
        "--without-fence": take_out_the_fence,
        "--stop-before-send": stop_before_the_tenth_send,
    }
    arguments = sys.argv[1:]
    while arguments and arguments[0] in options:
        options[arguments.pop(0)]()
    sys.exit(main(arguments))
