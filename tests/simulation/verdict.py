"""What must hold at the end of a life, by the service's own count."""

from collections import Counter
from collections.abc import Iterator, Mapping

from pipeline.core.counting import counted
from pipeline.core.doubts import TOKEN_FIELD
from pipeline.core.model import Attempt, State
from pipeline.ledger.opening import open_ledger
from pipeline.ledger.store import Ledger
from pipeline.simulator.outputs import outputs
from pipeline.simulator.records import Run
from tests.simulation.crew import Crew
from tests.simulation.world import Life


def violations(life: Life) -> list[str]:
    """The promises that were broken, in words; none where all were kept."""
    life.arrive(float("inf"))
    runs = [run for run in life.service._runs.values() if run.id not in life.foreign_runs]  # noqa: SLF001 - the witness
    with open_ledger(life.folder / "batch.ledger") as ledger:
        return [
            *_started_twice(runs),
            *_paid_twice(life, runs),
            *_past_the_cap(life, runs),
            *_lost(life, ledger, runs),
            *life.broken_rules,
            *life.unheard,
        ]


def violations_of_a_crew(crew: Crew) -> list[str]:
    """What several workers promise, and did not keep."""
    runs = crew.service._runs.values()  # noqa: SLF001 - the witness
    with open_ledger(crew.folder / "batch.ledger") as ledger:
        states, spending = Counter(ledger.states().values()), ledger.spending()
    begun = Counter(map(_company, runs))
    wrong = [f"{company}: {times} runs" for company, times in begun.items() if times > 1]
    cap, spent = crew.config.limits.cap, sum(run.credits for run in runs)
    if cap is not None and spent > cap.max_credits:
        wrong.append(f"{spent:g} credits were spent under a cap of {cap.max_credits:g}")
    if cap is not None and (cap.is_blind(spending) or not cap.room(spending)):
        # The cap keeps rows from being started, and that is told.
        if states.pop(State.PLANNED, 0) and not crew.stops:
            wrong.append("nobody was told that the cap was reached")
        if not states[State.COMPLETE]:
            # No list is trusted before it shows a run that is known.
            del states[State.UNCONFIRMED]
    if states.keys() - {State.COMPLETE}:
        wrong.append(f"rows ended as {dict(states)}")
    return wrong


def _started_twice(runs: list[Run]) -> Iterator[str]:
    """No attempt is started twice."""
    for token, times in Counter(_token(run) for run in runs).items():
        if times > 1:
            yield f"attempt {token} was started {times} times"


def _paid_twice(life: Life, runs: list[Run]) -> Iterator[str]:
    """A row is paid for once; only a run that FAILED may be followed by another."""
    rows = Counter(life.schedule.companies)
    begun = Counter(_company(run) for run in runs)
    failed = Counter(_company(run) for run in runs if run.is_failing)
    for company, times in begun.items():
        followed = failed[company] if life.schedule.retry_failed else 0
        if times > rows[company] + followed:
            sent = counted(rows[company], "row")
            yield f"{company}: {counted(times, 'run')} for {sent} ({failed[company]} failed)"


def _past_the_cap(life: Life, runs: list[Run]) -> Iterator[str]:
    """All runs together cost no more than `max_credits`."""
    cap, spent = life.schedule.max_credits, sum(run.credits for run in runs)
    if cap is not None and spent > cap:
        yield f"{spent:g} credits were spent under a cap of {cap:g}"


def _lost(life: Life, ledger: Ledger, runs: list[Run]) -> Iterator[str]:
    """What was paid for is in the ledger to the last credit, or its row is held."""
    rows = {row.entry.id: str(row.variables["Company"]) for row in ledger.enrolled(*State)}
    waiting = () if life.schedule.max_credits else (State.PLANNED,)
    for entry in ledger.entries(*waiting, State.STARTING, State.RUNNING, State.EXPIRED):
        yield f"{rows[entry.id]} is {entry.state} for ever"
    held = Counter(rows[entry.id] for entry in ledger.entries(State.UNCONFIRMED))
    attempts: dict[str | None, Attempt] = {
        standing.attempt.run_id: standing.attempt
        for standing in ledger.every_attempt()
        if standing.attempt is not None
    }
    for run in runs:
        if run.id in attempts:
            yield from _misjudged(life, run, attempts[run.id])
    unowned = Counter(_company(run) for run in runs if run.id not in attempts)
    yield from _adopted_wrongly(life, attempts)
    # Without metadata a run of equal input is as good as another: theirs may stand for ours.
    if life.schedule.settings.echo_metadata or not life.foreign_runs:
        for company, count in unowned.items():
            if count > held[company]:
                yield f"{company}: {count} runs that nobody knows of, and {held[company]} rows held"
    if held and any(attempts):
        yield from _held_for_nothing(life, held.total())


def _misjudged(life: Life, run: Run, attempt: Attempt) -> Iterator[str]:
    """An attempt tells of its run as it was: its end, its outputs, its credits."""
    state = State.FAILED if run.is_failing else State.COMPLETE
    if attempt.state is not state:
        yield f"run {run.id} ended {state}, and its attempt is {attempt.state}"
    if not run.is_failing and attempt.outputs != outputs(run.start_variables):
        yield f"run {run.id}: its outputs are not what it gave"
    if life.schedule.settings.credits_in_run and attempt.credits != run.credits:
        yield f"run {run.id} cost {run.credits:g}, and its attempt {attempt.credits}"


def _adopted_wrongly(life: Life, attempts: Mapping[str | None, Attempt]) -> Iterator[str]:
    """Where the list gives metadata back, nobody else's run is taken for ours."""
    if life.schedule.settings.echo_metadata and not life.schedule.metadata_lost:
        for run_id in life.foreign_runs & attempts.keys():
            yield f"run {run_id} is someone else's, and was taken for ours"


def _held_for_nothing(life: Life, held: int) -> Iterator[str]:
    """Where the service lists runs as they were started, nothing stays in doubt.

    But for what no list can show: somebody's run is of equal input and bears no token.
    """
    schedule = life.schedule
    lists_all = schedule.settings.list_runs and not schedule.is_list_blind
    shows_tokens = schedule.settings.echo_metadata and not schedule.metadata_lost
    is_blocked = life.foreign_runs and not schedule.is_foreign_tokened
    if lists_all and shows_tokens and not is_blocked:
        yield f"{counted(held, 'row')} held, and need not be"


def _token(run: Run) -> str:
    assert isinstance(run.metadata, dict)
    return str(run.metadata[TOKEN_FIELD])


def _company(run: Run) -> str:
    return str(run.start_variables["Company"])


def replay(seed: int) -> str:
    """The one line that makes this life happen again."""
    return f"make simulate-crashes N=1 SEED={seed}"
