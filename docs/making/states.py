"""What leads from one state of an entry to another, found by taking every step of the table.

Owns the drawing's form. Must not know the rules: it carries them out and looks where they lead.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping

from msgspec.structs import replace

from pipeline.core.events import Event, LateEnd
from pipeline.core.lifecycle import TRANSITIONS, step
from pipeline.core.model import Entry, Observation, State
from pipeline.core.rules import impossible
from tests.core.builders import a_context, an_entry
from tests.core.happenings import HAPPENINGS


def states() -> str:
    """A Mermaid diagram: an arrow where an event brings an entry from one state to another."""
    plain = _arrows(retries=0, owes_retry=False)
    owing = _arrows(retries=1, owes_retry=True)
    lines = [
        f"    {before} --> {after}: {'<br/>'.join(labels)}"
        for (before, after), labels in plain.items()
    ]
    lines += [
        f"    {before} --> {after}: {'<br/>'.join(labels)}<br/>(a new attempt is owed)"
        for (before, after), labels in owing.items()
        if (before, after) not in plain
    ]
    return "\n".join(
        ["```mermaid", "stateDiagram-v2", f"    [*] --> {State.PLANNED}", *lines, "```"]
    )


def _arrows(*, retries: int, owes_retry: bool) -> Mapping[tuple[State, State], list[str]]:
    found: dict[tuple[State, State], list[str]] = defaultdict(list)
    context = a_context(retry_failed=retries)
    for before, event in _possible(owes_retry=owes_retry):
        after, _ = step(before, event, context)
        if after.state is not before.state:
            found[before.state, after.state].append(_told(event))
    return found


def _possible(*, owes_retry: bool) -> Iterator[tuple[Entry, Event]]:
    """An entry in each state, with each event that can come upon it."""
    for state in State:
        for event in HAPPENINGS:
            if TRANSITIONS[state, type(event)] is not impossible:
                entry = an_entry(state, owes_retry=owes_retry)
                if owes_retry and state is State.PLANNED:
                    # Its run was given up when the new attempt was asked for.
                    entry = replace(an_entry(State.EXPIRED), state=state)
                if isinstance(event, LateEnd):
                    # What ends late is an older attempt, which is not watched any more.
                    entry = replace(entry, attempt=an_entry(State.EXPIRED).attempt)
                yield entry, event


def _told(event: Event) -> str:
    name = type(event).__name__
    match event:
        case Observation(status=status) | LateEnd(observation=Observation(status=status)):
            return f"{name} ({status})"
        case _:
            return name
