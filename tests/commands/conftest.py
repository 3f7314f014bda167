import pytest

from tests.commands.doubting import Program


@pytest.fixture
def program(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Program:
    """The program, called in this process."""
    return Program(capsys, monkeypatch)
