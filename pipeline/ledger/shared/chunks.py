"""Chunks of rows that several workers share out. Owns who may write for which row.

A chunk counts its pickers, and only the newest may write: what an older one still brings is
refused, so that a worker which was given up can't pay for a row a second time. Must not know how
chunks are handed out, nor what is done with their rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, Self, TypeAlias

from pipeline.config.adjusting import adjusted
from pipeline.config.model import Limits
from pipeline.core.jsontext import to_json
from pipeline.core.model import Entry, RunId, State
from pipeline.core.money.budget import Spending
from pipeline.ledger.records import Enrolled, Opening, Owner, Tally, enrolled_of
from pipeline.ledger.shared import chunk_queries as queries
from pipeline.ledger.store import Ledger

Debt: TypeAlias = Literal["start", "watch"]
"""What a chunk owes: its planned rows are to be started, or its runs to be watched."""

MOST_DEATHS: Final = 5
"""A chunk whose pickers died so often in a row, and got on with none of its rows, is parked."""

_NO_PROGRESS: Final = frozenset({State.PLANNED, State.STARTING, State.UNCONFIRMED})


class FenceLostError(Exception):
    """Another worker has picked the chunk: nothing of it is ours to write any more."""


class NoRoomError(Exception):
    """The whole batch allows fewer new attempts than were to be made; none was."""

    def __init__(self, room: int, spending: Spending, *, is_for_good: bool) -> None:
        super().__init__(room)
        self.room = room
        """How many may be made now."""
        self.spending = spending
        self.is_for_good = is_for_good
        """Whether the cap on credits allows no more, and nobody else's runs or doubts, once they
        end, will make room: those of the own chunk may."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One picking of a chunk."""

    chunk_id: int
    epoch: int
    first_entry: int
    last_entry: int

    @property
    def fence(self) -> tuple[int, int]:
        """What a write of this picker names."""
        return self.chunk_id, self.epoch

    def holds(self, entry_id: int) -> bool:
        """Whether an entry is the chunk's."""
        return self.first_entry <= entry_id <= self.last_entry


class Chunks:
    """The chunks of one ledger."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def make(self, size: int) -> None:
        """Put all rows that are in no chunk into chunks of this size, and see what each owes."""
        with self._ledger.transaction() as say:
            say(queries.MAKE_CHUNKS, (size,))
            say(queries.UNPARK)
            say(queries.FIND_DEBTS)

    def debts(self) -> list[tuple[int, Debt]]:
        """The chunks that owe something and what, parked ones left out."""
        with self._ledger.transaction() as say:
            return [(chunk_id, owes) for chunk_id, owes in say(queries.DEBTS)]

    def owed(self) -> set[Debt]:
        """What the chunks owe, parked ones left out."""
        with self._ledger.transaction() as say:
            return {owes for (owes,) in say(queries.OWED)}

    def leave_to_watchers(self, chunk_ids: Sequence[int]) -> list[int]:
        """Let chunks that were left by their starters be watched first; gives those that need it.

        The rows below the last one under way become a chunk of their own: their start must not
        wait until the others' runs have ended. A chunk of whose rows nothing is under way waits
        for its starts as before.
        """
        with self._ledger.transaction() as say:
            asked = to_json(chunk_ids)
            taken = [chunk_id for (chunk_id,) in say(queries.TAKE_FROM_STARTER, (asked,))]
            if not taken:
                return []
            say(queries.SPLIT_OFF_REST, (to_json(taken),))
            say(queries.END_BEFORE_REST, (to_json(taken),))
        return taken

    def look_for_doubts(self) -> None:
        """Let every chunk with a row in doubt be watched once more."""
        with self._ledger.transaction() as say:
            say(queries.LOOK_FOR_DOUBTS)

    def parked(self) -> list[int]:
        """The chunks that kept killing workers."""
        with self._ledger.transaction() as say:
            return [chunk_id for (chunk_id,) in say(queries.PARKED)]

    def pick(self, chunk_id: int, debt: Debt, worker: str, moment: float) -> Claim | None:
        """Take a chunk over from whoever had it; ``None``: it does not owe that, or is parked.

        One whose pickers died too often is parked by this.
        """
        with self._ledger.transaction() as say:
            line = say(queries.PICK, (worker, chunk_id, debt)).fetchone()
            if line is None:
                return None
            chunk_id, epoch, first_entry, last_entry, deaths = line
            if deaths > MOST_DEATHS:
                say(queries.PARK, (moment, chunk_id, epoch))
                return None
        return Claim(chunk_id, epoch, first_entry, last_entry)

    def put_back(self, claim: Claim, done: Debt) -> Debt | None:
        """Give a chunk back in order; tells what it owes next.

        Raises `FenceLostError` where it was another's already.
        """
        with self._ledger.transaction() as say:
            line = say(queries.PUT_BACK[done], claim.fence).fetchone()
        if line is None:
            raise FenceLostError
        debt: Debt | None = line[0]
        return debt

    def dropped(self, claim: Claim) -> None:
        """Whoever picked the chunk was overtaken, and is alive: its picking was no death."""
        with self._ledger.transaction() as say:
            say(queries.NO_DEATH, (claim.chunk_id,))

    def failed(self) -> int:
        """How many rows have failed."""
        with self._ledger.transaction() as say:
            return int(say(queries.FAILED).fetchone()[0])

    def lease(self, name: str, moment: float, seconds: float) -> float:
        """Take so many seconds of a class's pace; gives the moment at which they begin.

        The moments are of the one clock that all workers go by.
        """
        with self._ledger.transaction() as say:
            line = say(queries.LEASE, (moment, moment, seconds, name)).fetchone()
        return float(line[0]) - seconds


class Chunk(Ledger):
    """The ledger, as the engine sees it that works on one chunk.

    Whose runs are whose is asked of the whole ledger; whose turn it is, and what is unfinished, of
    the chunk alone.
    """

    claim: Claim
    limits: Limits

    def claimed(self, claim: Claim, limits: Limits) -> Self:
        """See this chunk alone, and make no more attempts than the limits allow all workers."""
        self.claim, self.limits, self._limits = claim, limits, limits
        return self

    def opening(self) -> Opening:
        """What the engine should know as it begins; what all may do is asked at each intent."""
        return Opening(Tally(), self.call_token(), None, self.seen_ends())

    def enrolled(self, *states: State) -> list[Enrolled]:
        """The chunk's entries in these states."""
        asked = (self.claim.first_entry, self.claim.last_entry, to_json(states))
        return [enrolled_of(row) for row in self._execute(queries.ENROLLED_IN_CHUNK, asked)]

    def next_planned(self, after_row: int, limit: int) -> list[Enrolled]:
        """The chunk's next planned rows below a row number, in the sheet's order."""
        asked = (self.claim.first_entry, self.claim.last_entry, after_row, limit)
        return [enrolled_of(row) for row in self._execute(queries.NEXT_PLANNED_IN_CHUNK, asked)]

    def superseded(self, since: float) -> dict[RunId, Owner]:
        """The chunk's runs that expired since this moment and were given up for a newer attempt."""
        runs = super().superseded(since)
        return {run: owner for run, owner in runs.items() if self.claim.holds(owner.entry_id)}

    def waited_for(self, entry_ids: Sequence[int] | None = None) -> dict[RunId, Owner]:
        """The chunk's expired runs that may still spare their rows the new attempt."""
        runs = super().waited_for(entry_ids)
        return {run: owner for run, owner in runs.items() if self.claim.holds(owner.entry_id)}

    def adjustments(self) -> dict[str, str]:
        """What was changed of the batch that runs; it is heeded here too."""
        changes = super().adjustments()
        self.limits = adjusted(self._limits, changes).limits
        return changes

    def _write(self, entries: Sequence[Entry]) -> None:
        """Write as the chunk's picker. Raises `FenceLostError` and `NoRoomError`."""
        intents = [entry for entry in entries if _is_intent(entry)]
        self._hold(has_progress=any(entry.state not in _NO_PROGRESS for entry in entries))
        if intents:
            self._guard(intents)
            self._see_that_there_is_room(len(intents))
        super()._write(entries)

    def _hold(self, *, has_progress: bool) -> None:
        hold = queries.HOLD_AND_LIVE if has_progress else queries.HOLD
        if self._execute(hold, self.claim.fence).rowcount != 1:
            raise FenceLostError

    def _guard(self, intents: Sequence[Entry]) -> None:
        lines = [(entry.id, *self.claim.fence) for entry in intents]
        if self._connection.executemany(queries.GUARD, lines).rowcount != len(lines):
            raise FenceLostError

    def _see_that_there_is_room(self, intents: int) -> None:
        # Two workers that looked at once would each take the last place: one waits for the other.
        self._execute(queries.HOLD_PACE)
        (in_flight,) = self._execute(queries.IN_FLIGHT).fetchone()
        window = max(0, self.limits.max_in_flight - (in_flight - intents))
        cap = self.limits.cap
        if cap is None:
            if window < intents:
                raise NoRoomError(window, Spending(), is_for_good=False)
            return
        # Asked before the sum is made: what ends between the two is in the sum.
        others = (self.claim.first_entry, self.claim.last_entry)
        (is_awaited,) = self._execute(queries.OTHERS_UNDER_WAY, others).fetchone()
        spending = self.spending()
        is_blind = cap.is_blind(spending)
        by_credits = 0 if is_blind else cap.room(spending)
        if min(window, by_credits) < intents:
            is_for_good = is_blind or not (by_credits or is_awaited)
            raise NoRoomError(min(window, by_credits), spending, is_for_good=is_for_good)


def _is_intent(entry: Entry) -> bool:
    """Whether a new attempt is made: of a row that is starting, an older one may be amended."""
    return entry.attempt is not None and entry.attempt.state is State.STARTING
