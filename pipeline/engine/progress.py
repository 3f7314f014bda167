"""What a person sees while a batch runs. Owns the line on stderr. Must not decide anything.

On a terminal one line that is redrawn; elsewhere a plain line every ten seconds.
"""

import sys
from collections.abc import Mapping
from typing import Final, NoReturn, TextIO

from tqdm import tqdm

from pipeline.core.reconciling import Hold
from pipeline.engine.batch import Batch, Counts
from pipeline.engine.clock import Clock

TERMINAL_SECONDS: Final = 0.25
PLAIN_SECONDS: Final = 10.0


class Progress:
    """Shows how far a batch is."""

    def __init__(self, clock: Clock, stream: TextIO = sys.stderr) -> None:
        self._clock = clock
        self._stream = stream
        self._bar: tqdm[NoReturn] | None = None
        self._began_at = 0.0
        self._done_before = 0

    async def run(self, batch: Batch) -> None:
        """Show progress until the task is cancelled."""
        self._began_at = self._clock.monotonic()
        self._done_before = _done(batch.counts)
        if self._stream.isatty():
            self._bar = tqdm(
                total=batch.counts.total,
                initial=self._done_before,
                file=self._stream,
                unit="row",
                dynamic_ncols=True,
                bar_format="{percentage:3.0f}%|{bar}| {n_fmt}/{total_fmt}{postfix}",
            )
        while True:
            self._show(batch)
            await self._clock.sleep(TERMINAL_SECONDS if self._bar is not None else PLAIN_SECONDS)

    def finish(
        self, batch: Batch, unknown_words: Mapping[str, int], held: Mapping[Hold, int]
    ) -> None:
        """Show the last figures, and what a person should know beside them."""
        if self._bar is not None:
            self._show(batch)
            self._bar.close()
        for word, times in unknown_words.items():
            self.say(f"The service called a run {word!r} ({times} times): taken as still running.")
        for why, rows in held.items():
            self.say(f"{rows} rows are held as unconfirmed: {why.value}.")
        if batch.doubts:
            command = f"pipeline resolve {batch.config.path.name}"
            self.say(f"{len(batch.doubts)} in doubt: {command} shows them and takes your decision.")

    def say(self, message: str) -> None:
        """A line for the person, above the progress."""
        tqdm.write(message, file=self._stream)

    def _show(self, batch: Batch) -> None:
        counts = batch.counts
        words = self._words(counts)
        if batch.is_paused:
            words = f"paused, {words}"
        if self._bar is None:
            print(f"{_done(counts)}/{counts.total} {words}", file=self._stream, flush=True)
            return
        self._bar.n = min(_done(counts), counts.total)
        self._bar.set_postfix_str(words, refresh=False)
        self._bar.refresh()

    def _words(self, counts: Counts) -> str:
        """What stands beside the done and the total, short enough for 80 columns."""
        seconds = self._clock.monotonic() - self._began_at
        done = _done(counts) - self._done_before
        parts = [
            f"{counts.started} started",
            f"{counts.running} running",
            f"{counts.failed} failed",
            f"{counts.credits:g} credits",
        ]
        if done > 0 and seconds > 0:
            per_second = done / seconds
            left_seconds = max(0, counts.total - _done(counts)) / per_second
            parts += [f"{per_second * 60:.0f}/min", f"{tqdm.format_interval(left_seconds)} left"]
        return ", ".join(parts)


def _done(counts: Counts) -> int:
    return counts.complete + counts.failed + counts.expired
