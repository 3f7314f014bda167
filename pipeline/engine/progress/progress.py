"""What a person sees while a batch runs. Owns the line on stderr. Must not decide anything.

On a terminal one line that is redrawn; elsewhere a plain line every ten seconds.
"""

from collections.abc import Mapping
from typing import Final, NoReturn, TextIO

from tqdm import tqdm

from pipeline.core.model import State
from pipeline.core.reconciling import Hold
from pipeline.core.timing.timeleft import Lately, Owed, Pace, time_left
from pipeline.engine.batch.batch import Batch
from pipeline.engine.clock import Clock
from pipeline.engine.progress.progressline import Figures, Scale, progress_line
from pipeline.engine.progress.screen import COLUMNS, PLAIN_SECONDS, columns_of, laid_out

TERMINAL_SECONDS: Final = 0.25
SHORTEST_BAR: Final = 8
"""Columns; where there are fewer, the figures tell enough."""

BAR_EDGES: Final = len("  ||")


class Progress:
    """Shows how far a batch is; `limit` bounds the starts of this call."""

    def __init__(self, clock: Clock, stream: TextIO, limit: int | None = None) -> None:
        self._clock = clock
        self._stream = stream
        self._limit = limit
        self._bar: tqdm[NoReturn] | None = None
        self._starts = self._ends = Lately(0.0, 0)
        self._total = 0
        self._has_shown = False
        self._has_told_doubts = False
        self._has_told_elsewhere = False

    async def run(self, batch: Batch) -> None:
        """Show progress until the task is cancelled."""
        now = self._clock.monotonic()
        self._starts, self._ends = Lately(now, 0), Lately(now, batch.counts.done)
        self._total = self._reach(batch)
        if self._stream.isatty():
            self._bar = tqdm(total=self._total, file=self._stream, bar_format="{desc}")
        while True:
            if self._bar is not None:
                self._show(batch)
            await self._clock.sleep(TERMINAL_SECONDS if self._bar is not None else PLAIN_SECONDS)
            if self._bar is None:
                self._show(batch)

    def finish(
        self, batch: Batch, unknown_words: Mapping[str, int], held: Mapping[Hold, int]
    ) -> None:
        """Show the last figures, and what a person should know beside them."""
        if self._has_shown:
            self._show(batch)
        if self._bar is not None:
            self._bar.close()
        for word, times in unknown_words.items():
            self.say(f"The service called a run {word!r} ({times} times): taken as still running.")
        for why, rows in held.items():
            self.say(f"Rows held as unconfirmed: {rows}, since {why.value}.")

    def say(self, message: str) -> None:
        """A line for the person, above the progress."""
        tqdm.write(laid_out(message, self._stream), file=self._stream)

    def _show(self, batch: Batch) -> None:
        self._has_shown = True
        self._tell_doubts(batch)
        self._tell_elsewhere(batch)
        figures = self._figures(batch)
        limits, total = batch.limits, self._total
        scale = Scale(total, limits.max_in_flight, limits.max_credits)
        paused = "paused  " if batch.is_paused else ""
        if self._bar is None:
            line = progress_line(figures, scale, COLUMNS - len(paused))
            self._stream.write(f"{paused}{line}\n")
            self._stream.flush()
            return
        # A terminal that was written to its last column may begin a new line.
        columns = columns_of(self._stream) - 1
        line = paused + progress_line(figures, scale, columns - len(paused))
        has_room = columns - len(line) >= SHORTEST_BAR + BAR_EDGES
        self._bar.bar_format = "{desc}  |{bar}|" if has_room else "{desc}"
        self._bar.ncols = columns
        self._bar.n = min(figures.done, total)
        self._bar.set_description_str(line, refresh=False)
        self._bar.refresh()

    def _tell_doubts(self, batch: Batch) -> None:
        """Once in a call: else nobody knows what it waits for while nothing runs."""
        if self._has_told_doubts or not batch.doubts:
            return
        self._has_told_doubts = True
        self.say(
            "The reply to a start was lost, or cut off: what may have been begun is looked for at "
            f"the service, for about {2 * batch.config.retry.settle_seconds:g} s, before anything "
            "is sent again."
        )

    def _tell_elsewhere(self, batch: Batch) -> None:
        """Once in a call: they are in no count, and it goes on for as long as they do."""
        runs = len(batch.counts.elsewhere & batch.in_flight.keys())
        if self._has_told_elsewhere or not runs:
            return
        self._has_told_elsewhere = True
        self.say(f"Runs of rows that left the sheet are watched to their end, too: {runs}.")

    def _reach(self, batch: Batch) -> int:
        """How many rows will have ended when this call does, if all goes well."""
        counts = batch.counts
        if self._limit is None:
            return counts.rows.total()
        return counts.rows.total() - counts.waiting + min(counts.waiting, self._limit)

    def _figures(self, batch: Batch) -> Figures:
        counts, now = batch.counts, self._clock.monotonic()
        self._starts.see(now, counts.started)
        self._ends.see(now, counts.done)
        return Figures(
            done=counts.done,
            running=counts.rows[State.RUNNING],
            failed=counts.rows[State.FAILED],
            credits=batch.budget.spent_credits,
            ends_a_second=self._ends.a_second,
            left_seconds=self._left_seconds(batch),
            in_doubt=0 if self._has_more_than_doubts(batch) else len(batch.doubts),
        )

    def _has_more_than_doubts(self, batch: Batch) -> bool:
        return bool(batch.in_flight or self._to_start(batch))

    def _left_seconds(self, batch: Batch) -> float | None:
        pace = Pace(
            interval_seconds=batch.limits.rate.interval_seconds,
            max_in_flight=batch.limits.max_in_flight,
            seen_interval_seconds=self._starts.interval_seconds,
            still_seconds=self._starts.still_seconds,
            is_paused=batch.is_paused,
        )
        # What of it is no row of the sheet is waited for all the same.
        owed = Owed(self._to_start(batch), len(batch.in_flight))
        left = time_left(owed, pace, batch.counts.run_seconds)
        return None if left is None else left.likely_seconds

    def _to_start(self, batch: Batch) -> int:
        if batch.is_stopped:
            return 0
        waiting = batch.counts.waiting
        allowed = waiting if self._limit is None else self._limit - batch.counts.started
        return max(0, min(waiting, allowed))
