"""Where the key is looked for, and that it is never told."""

from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.config.api_key import find_key
from pipeline.config.load import Draft
from pipeline.errors import ConfigFault

SECRET = "sk-SECRET-1"


@pytest.fixture(autouse=True)
def elsewhere(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory that is not the config's folder."""
    folder = tmp_path_factory.mktemp("elsewhere")
    monkeypatch.chdir(folder)
    return folder


def test_the_environment_wins_then_the_configs_folder_then_the_working_directory(
    parsed: Callable[..., Draft], tmp_path: Path, elsewhere: Path
) -> None:
    """The nearer place hides the farther."""
    config = parsed().config
    (elsewhere / ".env").write_text("COPY_AI_API_KEY=third\n")
    assert find_key(config, {}) == "third"
    (tmp_path / ".env").write_text("OTHER=x\nexport COPY_AI_API_KEY='second'\n")
    assert find_key(config, {}) == "second"
    assert find_key(config, {"COPY_AI_API_KEY": "first\n"}) == "first"
    assert find_key(config, {"COPY_AI_API_KEY": " "}) == "second"


def test_the_config_names_the_variable(parsed: Callable[..., Draft]) -> None:
    """Several accounts live side by side."""
    config = parsed(workflow="{id: A, api_key_env: MY_KEY}").config
    assert find_key(config, {"MY_KEY": SECRET, "COPY_AI_API_KEY": "other"}) == SECRET


def test_a_key_is_taken_letter_by_letter(parsed: Callable[..., Draft], tmp_path: Path) -> None:
    """A dollar in a key in `.env` is a dollar."""
    (tmp_path / ".env").write_text("COPY_AI_API_KEY=a${HOME}b\n")
    assert find_key(parsed().config, {}) == "a${HOME}b"


def test_the_simulator_needs_no_key(parsed: Callable[..., Draft]) -> None:
    """A demonstration asks nobody for a secret."""
    config = parsed(workflow="{id: WCFG-1, base_url: simulator}").config
    assert find_key(config, {"COPY_AI_API_KEY": SECRET}) != SECRET


@pytest.mark.parametrize("environ", [{}, {"COPY_AI_API_KEY": ""}, {"COPY_AI_API_KEY": " \n"}])
def test_no_key_says_how_to_give_one(
    parsed: Callable[..., Draft], tmp_path: Path, environ: dict[str, str]
) -> None:
    """The remedy can be copied into a shell."""
    with pytest.raises(ConfigFault) as caught:
        find_key(parsed().config, environ)
    assert caught.value.place == "leads.yaml, workflow.api_key_env"
    assert "export COPY_AI_API_KEY=" in caught.value.remedy
    assert str(tmp_path / ".env") in caught.value.remedy


@pytest.mark.parametrize("key", ["a SECRET", "SECRET\nb", "SECRET\x00", "SECRETü"])
def test_what_can_be_no_key_is_a_fault_that_does_not_tell_it(
    parsed: Callable[..., Draft], key: str
) -> None:
    """A key that was pasted with something else is not sent, and not shown."""
    with pytest.raises(ConfigFault) as caught:
        find_key(parsed().config, {"COPY_AI_API_KEY": key})
    assert "SECRET" not in str(caught.value)
    assert "COPY_AI_API_KEY in the environment" in caught.value.wrong


def test_a_garbled_env_file_is_a_fault(parsed: Callable[..., Draft], tmp_path: Path) -> None:
    """What can't be read is told, and not taken for no key."""
    (tmp_path / ".env").write_bytes(b"COPY_AI_API_KEY=\xff\xfe")
    with pytest.raises(ConfigFault, match="not UTF-8"):
        find_key(parsed().config, {})


def test_a_line_of_an_env_file_that_is_none_is_passed_over(
    parsed: Callable[..., Draft], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """What reads the file says nothing in words of its own."""
    (tmp_path / ".env").write_text("my key is\nCOPY_AI_API_KEY=b\n'\n")
    assert find_key(parsed().config, {}) == "b"
    assert caplog.records == []
