"""Every call of the program that a page shows is one that the program takes."""

import re
import shlex
from pathlib import Path

import pytest

from docs.making.__main__ import CHECKOUT, pages
from docs.making.helps import WIDTH, helps
from pipeline.cli import MEANING_OF_EXIT, VERBS, parser_for
from pipeline.errors import Exit

CALL = re.compile(
    r"^[ #$]*(?:\d\. )?(?:\.venv/bin/)?(pipeline [a-z].*?)(?:  +.*|\s+[#>].*)?$", re.MULTILINE
)
BLOCK = re.compile(r"^```[a-z]*\n(.*?)^```", re.MULTILINE | re.DOTALL)


def _calls(text: str) -> list[str]:
    return CALL.findall(text)


def _takes(call: str) -> bool:
    _, *arguments = shlex.split(call)
    return callable(parser_for(arguments).parse_args(arguments).run)


SHOWN_IN = {
    page: "\n".join(BLOCK.findall(page.read_text(encoding="utf-8"))) for page in pages()
} | {
    config: config.read_text(encoding="utf-8")
    for config in sorted((CHECKOUT / "configs").glob("*.yaml"))
}


@pytest.mark.parametrize(
    ("page", "call"),
    [
        pytest.param(page, call, id=f"{page.name}: {call}")
        for page, text in SHOWN_IN.items()
        for call in dict.fromkeys(_calls(text))
    ],
)
def test_every_call_in_a_page_or_a_config_is_taken(page: Path, call: str) -> None:
    """A command that a reader copies is no wrong command line."""
    assert _takes(call), page


@pytest.mark.parametrize("heading", [f"## pipeline {verb}" for verb in VERBS])
def test_every_command_has_an_example_in_its_help(heading: str) -> None:
    """Who asks for help gets a call to begin with, of that very command."""
    section = helps().split(f"{heading}\n", 1)[1].split("\n## ", 1)[0]
    helped = BLOCK.findall(section)
    assert helped
    assert all(re.search(r"^examples?:\n  pipeline ", text, re.MULTILINE) for text in helped)
    assert all(call.startswith(heading.removeprefix("## ")) for call in _calls(section))


def test_no_help_is_wider_than_a_terminal() -> None:
    """At eighty columns no line of it wraps; the pages' own markup is not looked at."""
    helped = "\n".join(BLOCK.findall(helps()))
    assert [line for line in helped.splitlines() if len(line) > WIDTH] == []


def test_every_exit_code_is_told() -> None:
    """A script's author finds each code in `pipeline --help`."""
    assert set(MEANING_OF_EXIT) == set(Exit)
