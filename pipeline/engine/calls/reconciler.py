"""Looks for the runs of attempts in doubt in the service's list, while the batch goes on.

Owns the sweeps: when the list is read, and at which pace. Must not know what a listing shows: that
is `core.reconciling`'s.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final, assert_never

from pipeline.core.doubts import Settle
from pipeline.core.events import RunFound, ShownAbsent
from pipeline.core.model import Observation, RunStatus, State
from pipeline.core.reconciling import Adopt, Claims, Hold, Listing, NeverBegun, Verdict, judge
from pipeline.core.replies import Halted, Missing, RunPage
from pipeline.engine.batch.batch import Batch
from pipeline.engine.batch.doubts import CONTROLS
from pipeline.engine.batch.stop import stop_of
from pipeline.engine.calls.latecomers import Latecomers, owners_of
from pipeline.engine.calls.limiter import Limiter
from pipeline.engine.calls.listing import Reading, Readings, claims_on
from pipeline.engine.calls.looking import Looking
from pipeline.ledger.records import Enrolled

TRIES: Final = 4
"""So often one page is asked for; the whole class of looks makes its pauses meanwhile."""


class Reconciler:
    """Settles the doubts of a batch together, in sweeps over the list of runs."""

    def __init__(
        self,
        batch: Batch,
        looking: Looking,
        readings: Readings,
        starts: Limiter,
        latecomers: Latecomers,
    ) -> None:
        self._batch = batch
        self._looking = looking
        self._readings = readings
        self._starts = starts
        self._latecomers = latecomers
        self._is_busy = False
        self._has_list = batch.config.retry.looks_for_doubts
        self._last_sweep_at: float | None = None
        self.held: Counter[Hold] = Counter()
        """Why the last sweep held what it held."""

    @property
    def is_done(self) -> bool:
        """Whether no doubt can be settled any more within this call."""
        if self._batch.no_more_calls.is_set():
            return True
        return not self._is_busy and self._due_at() is None

    async def run(self) -> None:
        """Sweep whenever it is worth it, until no call may leave any more."""
        batch = self._batch
        while not batch.no_more_calls.is_set():
            batch.doubts.changed.clear()
            due_at = self._due_at()
            if due_at is None:
                await batch.doubts.changed.wait()
            elif (wait_seconds := due_at - batch.clock.monotonic()) > 0:
                # An accepted start makes a sweep worth while earlier, and sets no event.
                half_settle_seconds = batch.config.retry.settle_seconds / 2
                await batch.clock.wait(batch.doubts.changed, min(wait_seconds, half_settle_seconds))
            else:
                self._is_busy = True
                await self._sweep()
                self._is_busy = False
                batch.changed.set()

    def _due_at(self) -> float | None:
        if not self._has_list:
            return None
        return self._batch.doubts.next_due_at(self._settle(), self._last_sweep_at)

    def _settle(self) -> Settle:
        answers = (self._starts.first_answer_at, self._looking.limiter.first_answer_at)
        contact_at = min((at for at in answers if at is not None), default=None)
        return Settle(self._batch.config.retry.settle_seconds, contact_at)

    async def _sweep(self) -> None:
        batch = self._batch
        confirmed = await batch.recorder.read(lambda ledger: ledger.confirmed(CONTROLS))
        controls = batch.doubts.controls(confirmed)
        reading = await self._read_list()
        if reading is None:
            return
        rows = await batch.recorder.read(lambda ledger: ledger.enrolled(State.UNCONFIRMED))
        doubts = batch.doubts.among(rows)
        verdicts = judge(doubts, reading.listing, controls, reading.claims, self._settle())
        self.held = Counter(verdict for verdict in verdicts.values() if isinstance(verdict, Hold))
        await self._carry_out(rows, verdicts)

    async def _carry_out(self, rows: Sequence[Enrolled], verdicts: Mapping[int, Verdict]) -> None:
        settled = ((row.entry, _event_of(verdicts.get(row.entry.id))) for row in rows)
        await self._batch.apply([(entry, event) for entry, event in settled if event is not None])

    async def _read_list(self) -> Reading | None:
        """All runs of the workflow, as far as they can be read; ``None``: there is no list."""
        reading = await self._readings.read(self._page, self._claims)
        if reading is None:
            self._has_list = False
            self.held = Counter({Hold.NO_LIST: len(self._batch.doubts)})
        else:
            self._last_sweep_at = reading.listing.began_at
        return reading

    async def _claims(self, listing: Listing) -> Claims:
        return await self._batch.recorder.read(lambda ledger: claims_on(listing, ledger))

    async def _page(self, number: int) -> RunPage | Missing | None:
        """A page; ``None`` where the service did not give it, or no call may leave any more."""
        for _ in range(TRIES):
            reply = await self._looking.page(number)
            if reply is None:
                return None
            if isinstance(reply, Halted):
                self._batch.ask_to_stop(stop_of(reply))
            if isinstance(reply, RunPage):
                await self._note_late_ends(reply.runs)
            if isinstance(reply, RunPage | Missing):
                return reply
        return None

    async def _note_late_ends(self, runs: Sequence[Observation]) -> None:
        """What the list tells of attempts that are not watched any more."""
        ended = {seen.run_id: seen for seen in runs if seen.status is not RunStatus.RUNNING}
        if not ended:
            return
        owners = await self._batch.recorder.read(lambda ledger: owners_of(ledger, ended))
        for run_id, owner in owners.items():
            await self._latecomers.note_end(owner, ended[run_id])


def _event_of(verdict: Verdict | None) -> RunFound | ShownAbsent | None:
    match verdict:
        case Adopt(run_id):
            return RunFound(run_id)
        case NeverBegun():
            return ShownAbsent("by the service's list of runs")
        case Hold() | None:
            return None
        case impossible:
            assert_never(impossible)
