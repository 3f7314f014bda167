"""The page of messages has every error that the program can tell, as the program tells it."""

import ast
import re
from collections import Counter
from pathlib import Path

import pytest

from docs.making.__main__ import CHECKOUT
from docs.making.messages import FAULTS, every_message, messages
from docs.making.sourcewords import Module, name_of
from docs.making.troubles import HAPPENED, HEADINGS
from pipeline.config.load import parse
from pipeline.engine.batch.stop import REMEDY_OF_STOP, Stop, StopReason

PAGE = (CHECKOUT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
PLAIN = re.sub(r"\\([<>*_|\[\]{}])", r"\1", PAGE)

TOLD_BY_ANOTHER = {
    "cli.py": (1, "argparse"),
    "commands/check.py": (1, "a fault of the service, made of a closed set in the same file"),
    "commands/init.py": (1, "what the sheets say of a header's row"),
    "commands/preparing.py": (3, "why a row's key is bad: core.variables"),
    "commands/terminal.py": (1, "the question that could not be asked"),
    "config/adjusting.py": (1, "what a key's own reader says of a value"),
    "config/values/templates.py": (1, "Jinja"),
    "remote/webhooks.py": (8, "why the service could not be reached"),
    "simulator/journal.py": (3, "why the simulator's state can't be used"),
}
"""Where a message's words come from, if not from the place that makes the error; and how often."""


def test_every_error_is_read_or_known_to_be_told_by_another() -> None:
    """A new error that the walk can't read does not slip past the page."""
    unread = Counter(str(path) for path, message in every_message() if message.is_told_by_another)
    assert unread == {path: times for path, (times, _) in TOLD_BY_ANOTHER.items()}


def test_every_class_of_errors_has_its_section() -> None:
    """A new class comes with what it means; the tree's root and the group tell nothing alone."""
    assert set(HEADINGS) == FAULTS - {"PipelineError", "FaultGroup"}


def test_every_reason_to_stop_is_told_with_what_to_do() -> None:
    """A batch that stops early never leaves a person without the next step."""
    assert set(HAPPENED) == set(StopReason) == set(REMEDY_OF_STOP)
    for reason in StopReason:
        assert REMEDY_OF_STOP[reason] in Stop(reason, "it happened").message
        assert REMEDY_OF_STOP[reason] in PLAIN


def _known(line: str) -> bool:
    """Whether the page has a message that this line is an example of."""
    for _, message in messages():
        parts = [re.escape(part) for part in f"{message.wrong}; {message.remedy}".split("…")]
        if not message.is_told_by_another and re.search(".*".join(parts), line):
            return True
    return False


WRONG_CONFIGS = {
    "a key that is unknown": "lmits: {rate: 60/min}",
    "a rate without a unit": "limits: {rate: 60}",
    "a duration": "polling: {first: soon}",
    "a credential": "api_key: sk-1234",
    "two sources": "variables: {A: {column: B, value: C}}",
    "no id": "workflow: {id: WCFG-…}",
    "a template by chance": 'variables: {A: {template: "{{ range(3)|random }}"}}',
    "the output over the input": "output: {path: leads.csv}",
}
GOOD = {
    "input": "{path: leads.csv}",
    "workflow": "{id: WCFG-1}",
    "variables": "{A: B}",
    "outputs": '"*"',
}


@pytest.mark.parametrize("line", WRONG_CONFIGS.values(), ids=WRONG_CONFIGS)
def test_what_a_wrong_config_is_told_stands_in_the_page(tmp_path: Path, line: str) -> None:
    """Whoever looks their message up finds it."""
    key = line.partition(":")[0]
    lines = [f"{name}: {value}" for name, value in GOOD.items() if name != key]
    path = tmp_path / "batch.yaml"
    path.write_text("\n".join([*lines, line]), encoding="utf-8")
    faults = parse(path).faults
    assert faults
    assert [str(fault) for fault in faults if not _known(str(fault))] == []


def test_a_word_is_followed_to_where_it_was_chosen(tmp_path: Path) -> None:
    """Each branch keeps its own remedy, and a function's callers give their own words."""
    source = tmp_path / "source.py"
    source.write_text(
        "def tell(error, name):\n"
        "    match error:\n"
        "        case 1:\n"
        "            wrong, remedy = 'one is wrong', 'mend one'\n"
        "        case _:\n"
        "            wrong = f'{name} is wrong'\n"
        "            remedy = 'mend it'\n"
        "    raise fault(wrong, remedy)\n"
        "def fault(wrong, remedy):\n"
        "    return Fault(wrong=wrong, remedy=remedy)\n",
        encoding="utf-8",
    )
    module = Module(source)
    (made,) = [call for call in module.calls if name_of(call) == "Fault"]
    words = [keyword.value for keyword in made.keywords]
    assert all(isinstance(word, ast.expr) for word in words)
    assert sorted(module.texts(made, words)) == [
        ("one is wrong", "mend one"),
        ("… is wrong", "mend it"),
    ]


def test_every_message_is_short_enough_to_be_read() -> None:
    """What is wrong, and what to do, fit two lines of eighty columns each."""
    long = [m for _, m in messages() if max(len(m.wrong), len(m.remedy)) > 2 * 80]
    assert long == []
