"""The state in a file: what was answered is found again, whatever happened to the process."""

import errno
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import UsageFault
from pipeline.simulator.faults import Faults
from pipeline.simulator.journal import FIRST_LINE, Journal, open_service
from pipeline.simulator.records import RefusedStart
from pipeline.simulator.service import Service
from pipeline.simulator.settings import Settings

KEY = "a-key"
WORKFLOW = "WCFG-1"
NOON = 1_700_000_000.0
BODY = '{"startVariables": {"Company": "Ünï\\ud800\\n"}, "metadata": {"row": 1}}'.encode()


def started(service: Service, moment: float = NOON) -> str:
    return service.start(KEY, WORKFLOW, BODY, moment).body["data"]["id"]


def counted(path: Path, world: Settings | None = None, moment: float = NOON) -> dict:
    with open_service(world or Settings(), path) as service:
        return service.count_with_runs(moment).body


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "simulator.state"


def test_a_simulator_finds_its_runs_again(state: Path) -> None:
    """Runs, refused starts and registrations are as they were, whatever the new settings say."""
    with open_service(Settings(fail=0.5, duration_seconds=5), state) as service:
        ids = [started(service) for _ in range(20)]
        service.start("", WORKFLOW, BODY, NOON)
        hook = b'{"url": "https://example.com", "eventType": "workflowRun.failed"}'
        gone, kept = (service.create_webhook(KEY, hook, NOON).body["data"] for _ in range(2))
        service.delete_webhook(KEY, gone["id"])
        before = service.count_with_runs(NOON + 5).body
    with open_service(Settings(seed=9, fail=0, duration_seconds=0, credits=7), state) as service:
        assert service.count_with_runs(NOON + 5).body == before
        assert [run["id"] for run in before["runs"]] == ids
        assert service.list_webhooks(KEY, {}).body["data"]["data"] == [kept]
        assert started(service) not in ids
    assert counted(state)["accepted"] == 21


def test_every_record_is_in_the_file_before_the_answer(state: Path) -> None:
    """The file, as another process would see it, holds the run as soon as the start is answered."""
    with open_service(Settings(), state) as service:
        assert started(service).encode() in state.read_bytes()


def test_a_start_whose_reply_is_lost_is_kept(state: Path) -> None:
    """The run exists for the next process too: it is what the caller has to look for."""
    with open_service(Settings(faults=Faults(lost_reply=1)), state) as service:
        service.start(KEY, WORKFLOW, BODY, NOON)
    assert counted(state)["accepted"] == 1


@given(data=st.data())
@settings(deadline=None, max_examples=60)
def test_a_cut_last_line_costs_that_line_alone(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Wherever the file is cut, all whole lines are found, and writing goes on after them."""
    state = tmp_path_factory.mktemp("state") / "simulator.state"
    with open_service(Settings(), state) as service:
        for _ in range(3):
            started(service)
    whole = state.read_bytes()
    kept = whole[: data.draw(st.integers(0, len(whole)))]
    state.write_bytes(kept)
    runs = max(0, kept.count(b"\n") - 1)
    with open_service(Settings(), state) as service:
        assert service.count(NOON).body["accepted"] == runs
        started(service, NOON + 1)
    assert counted(state)["accepted"] == runs + 1


def test_the_file_is_the_owners_alone(state: Path) -> None:
    """It holds what was sent, so its mode is 0600, also where it was wider."""
    counted(state)
    assert stat.S_IMODE(state.stat().st_mode) == 0o600
    state.chmod(0o644)
    counted(state)
    assert stat.S_IMODE(state.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("content", "wrong"),
    [
        (b"Company,Name\nAcme,Ada\n", "no state of a simulator"),
        (b"PK\x03\x04", "no state of a simulator"),
        (FIRST_LINE + b'{"kind": "run"}\n', "line 2"),
        (FIRST_LINE + b'{"kind": "refused_start", "refused_at": 1}\nsecret\n', "line 3"),
        (FIRST_LINE + b"[]\n", "line 2"),
        (FIRST_LINE + b"\n", "line 2"),
    ],
)
def test_a_file_that_is_no_state_is_left_alone(state: Path, content: bytes, wrong: str) -> None:
    """Another file named by mistake is refused in one line, and not a byte of it changes."""
    state.write_bytes(content)
    with pytest.raises(UsageFault, match=wrong) as caught, open_service(Settings(), state):
        pass
    assert state.read_bytes() == content
    assert "\n" not in str(caught.value)
    assert "secret" not in str(caught.value)


def test_two_simulators_do_not_share_a_file(state: Path) -> None:
    """The second one is refused, since neither would know of the other's runs."""
    with (
        open_service(Settings(), state),
        pytest.raises(UsageFault, match="another simulator"),
        open_service(Settings(), state),
    ):
        pass
    assert counted(state)["starts"] == 0


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """A folder, or a folder that is not there, is one line that names the path."""
    for path in (tmp_path, tmp_path / "missing" / "state"):
        with pytest.raises(UsageFault, match=str(path)), open_service(Settings(), path):
            pass


@contextmanager
def a_full_disk(journal: Journal, room: int) -> Iterator[None]:
    """Lets the journal's next write store `room` bytes; with no room it is an error."""
    file = journal._file  # noqa: SLF001 - a full disk can't be had otherwise

    class Full:
        def write(self, line: bytes) -> int:
            if not room:
                raise OSError(errno.ENOSPC, "No space left on device")
            return file.write(line[:room])

        def truncate(self, length: int) -> int:
            return file.truncate(length)

    journal._file = Full()  # noqa: SLF001 - as above
    yield
    journal._file = file  # noqa: SLF001 - as above


@pytest.mark.parametrize("room", [0, 5])
def test_what_cannot_be_kept_is_not_done(state: Path, room: int) -> None:
    """On a full disk a start begins nothing, and later lines stay readable."""
    with Journal(state) as journal:
        service = Service(Settings(), past=journal.read(), keep=journal.append)
        started(service)
        with a_full_disk(journal, room), pytest.raises(UsageFault):
            started(service)
        assert service.count(NOON).body["starts"] == 1
        journal.append(RefusedStart(NOON))
    assert counted(state)["starts"] == 2
