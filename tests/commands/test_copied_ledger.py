"""A ledger that was copied to another machine is noticed, and asked about."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import machineid
import pytest

from pipeline.ledger.opening import join_ledger
from tests.commands.doubting import Ended, Program
from tests.journeys.running import KEY, Simulator, a_batch, a_simulator

QUESTION = "this ledger was copied from another machine"
UNTOLD = "it can't be told whether this ledger was copied"


@pytest.fixture(scope="module", name="simulator")
def _simulator() -> Iterator[Simulator]:
    with a_simulator("--duration", "0s") as simulator:
        yield simulator


@dataclass
class Original:
    """A batch that was run on one machine, and may be copied to another."""

    folder: Path
    program: Program
    monkeypatch: pytest.MonkeyPatch

    def on(self, machine: str | None) -> None:
        """Work on this machine from now on; ``None``: on one without an id."""

        def found(_: str) -> str:
            if machine is None:
                raise machineid.MachineIdNotFound
            return f"digest of {machine}"

        self.monkeypatch.setattr(machineid, "hashed_id", found)

    def copy(self) -> None:
        """Put another file in the ledger's place, which holds the same."""
        ledger = self.folder / "batch.ledger"
        ledger.rename(self.folder / "original")
        shutil.copy(self.folder / "original", ledger)

    def call(self, verb: str, *flags: str) -> Ended:
        """Call the program on it."""
        return self.program(verb, self.folder / "batch.yaml", *flags)

    def fact(self, name: str) -> str | None:
        """A fact of the ledger."""
        with join_ledger(self.folder / "batch.ledger") as ledger:
            assert ledger is not None
            return ledger.fact(name)


@pytest.fixture
def original(
    tmp_path: Path, program: Program, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> Original:
    """A batch of the real service, run once on the machine `here`."""
    monkeypatch.setenv("COPY_AI_API_KEY", KEY)
    a_batch(tmp_path, 1, workflow={"id": "WCFG-1", "base_url": simulator.base_url})
    batch = Original(tmp_path, program, monkeypatch)
    batch.on("here")
    assert batch.call("resolve").exit == 2
    assert batch.call("run").exit == 0
    assert batch.fact("machine") == "digest of here"
    return batch


@pytest.mark.parametrize("verb", ["run", "retry", "resolve"])
def test_without_a_terminal_a_copied_ledger_is_refused(original: Original, verb: str) -> None:
    """Exit 2, nothing is started, and the next call asks again."""
    token = original.fact("token")
    original.copy()
    original.on("there")
    for _ in range(2):
        ended = original.call(verb)
        assert ended.exit == 2
        assert QUESTION in ended.err
        assert "--yes" in ended.err
    assert (original.fact("machine"), original.fact("token")) == ("digest of here", token)


@pytest.mark.parametrize("verb", ["run", "retry", "resolve"])
def test_who_agrees_beforehand_is_not_asked(original: Original, verb: str) -> None:
    """`--yes`: from now on it is this machine's, and its tokens are its own."""
    token = original.fact("token")
    original.copy()
    original.on("there")
    assert original.call(verb, "--yes").exit == 0
    assert original.fact("machine") == "digest of there"
    assert original.fact("token") not in {token, None}
    assert QUESTION not in original.call("run").err


@pytest.mark.parametrize(("answer", "exit_"), [("y", 0), ("n", 2), ("", 2)])
def test_on_a_terminal_a_person_is_asked(original: Original, answer: str, exit_: int) -> None:
    """Only a yes goes on."""
    original.copy()
    original.on("there")
    original.program.answering(answer)
    ended = original.call("run")
    assert ended.exit == exit_
    assert QUESTION in ended.err


@pytest.mark.parametrize(
    ("is_copied", "machine"),
    [(False, "here"), (False, "there"), (True, "here"), (False, None)],
    ids=["nothing", "the machine", "the file", "the id is gone"],
)
def test_where_only_one_is_another_nothing_is_asked(
    original: Original, *, is_copied: bool, machine: str | None
) -> None:
    """A backup that was put back, a new disk, a new id: kept silently, and the token stays."""
    token = original.fact("token")
    if is_copied:
        original.copy()
    original.on(machine)
    ended = original.call("run")
    assert ended.exit == 0
    assert "copied" not in ended.err
    assert original.fact("token") == token
    assert original.fact("machine") == f"digest of {machine or 'here'}"


def test_where_the_machine_has_no_id_it_is_said_and_not_refused(original: Original) -> None:
    """Once, in the call in which it would matter."""
    original.copy()
    original.on(None)
    ended = original.call("run")
    assert ended.exit == 0
    assert ended.err.count(UNTOLD) == 1
    assert UNTOLD not in original.call("run").err


def test_a_simulated_batch_is_not_asked_about(
    tmp_path: Path, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It pays for nothing."""
    a_batch(tmp_path, 1)
    batch = Original(tmp_path, program, monkeypatch)
    batch.on("here")
    batch.call("run")
    batch.copy()
    batch.on("there")
    ended = batch.call("run")
    assert ended.exit == 0
    assert "copied" not in ended.err
    assert batch.fact("machine") == "digest of there"


def test_the_originals_webhooks_are_let_alone(original: Original) -> None:
    """What the original registered may be in use: the copy's next call does not remove it."""
    with join_ledger(original.folder / "batch.ledger") as ledger:
        assert ledger is not None
        ledger.say_webhook_tokens({"the-originals"})
    original.copy()
    original.on("there")
    assert original.call("run", "--yes").exit == 0
    assert original.fact("webhooks") is None
    assert "webhook" not in original.call("run").err
