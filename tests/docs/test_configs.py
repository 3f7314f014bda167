"""The configs that come along teach what is true."""

import re
from pathlib import Path

import pytest

from docs.making.__main__ import CHECKOUT
from pipeline.config.load import Draft, parse

CONFIGS = sorted((CHECKOUT / "configs").glob("*.yaml"))
COMMENTED = re.compile(r"^( *)#(?! )(?=[a-z_]+:)", re.MULTILINE)
EXAMPLES = {"key", "metadata"}
"""Keys that are shown by an example: their default is that nothing is there."""


def _parsed(text: str, folder: Path) -> Draft:
    path = folder / "leads.yaml"
    path.write_text(text.replace("WCFG-…", "WCFG-1"), encoding="utf-8")
    return parse(path)


def test_what_is_commented_out_for_real_use_is_a_default_or_an_example(tmp_path: Path) -> None:
    """Taking the # from any of them leaves a good config, which only an example changes."""
    text = (CHECKOUT / "configs" / "leads.yaml").read_text(encoding="utf-8")
    as_it_is = _parsed(text, tmp_path).config
    assert as_it_is is not None
    found = list(COMMENTED.finditer(text))
    assert len(found) > len(EXAMPLES)
    for match in found:
        changed = _parsed(text[: match.start()] + match[1] + text[match.end() :], tmp_path)
        assert changed.faults == ()
        key = text[match.end() :].split(":")[0]
        assert (changed.config != as_it_is) == (key in EXAMPLES), key


@pytest.mark.parametrize("config", CONFIGS, ids=lambda path: path.name)
def test_no_line_of_a_config_is_too_long(config: Path) -> None:
    """The comments are read in an editor."""
    assert all(len(line) <= 100 for line in config.read_text(encoding="utf-8").splitlines())


@pytest.mark.parametrize("name", ["demo.yaml", "failures.yaml"])
def test_what_a_config_says_to_delete_is_its_own_ledger(name: str) -> None:
    """Whoever follows the comment loses no other batch's ledger, which is paid for."""
    draft = parse(CHECKOUT / "configs" / name)
    assert draft.config is not None
    comments = " ".join(draft.path.read_text(encoding="utf-8").replace("#", " ").split())
    (named,) = re.findall(r"delete what begins with (\S+\w)", comments)
    assert CHECKOUT / named == draft.config.ledger
