"""The pages for those who work on the project name what is there."""

import re
import sys
import tokenize
import tomllib
from functools import cache
from token import NAME as NAMED

import grimp
import pytest

from docs.making.__main__ import CHECKOUT

CONTRIBUTING = (CHECKOUT / "CONTRIBUTING.md").read_text(encoding="utf-8")
ARCHITECTURE = (CHECKOUT / "docs" / "architecture.md").read_text(encoding="utf-8")
DEPENDENCIES = (CHECKOUT / "docs" / "dependencies.md").read_text(encoding="utf-8")
PROJECT = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))

FILE = re.compile(r"`([\w./-]+\.(?:py|sql|md|yaml|json|toml|lock|html|css|js))`")
NAME = re.compile(r"`(\w+)`")
TABLE = CONTRIBUTING.split("## To add X, touch Y\n")[1].split("\n## ")[0]
HANDED_ON = ARCHITECTURE.split("## What is handed on\n")[1].split("\n## ")[0]


@pytest.mark.parametrize(
    ("title", "requirements"),
    [
        ("To run", PROJECT["project"]["dependencies"]),
        (
            "To share a ledger among machines",
            PROJECT["project"]["optional-dependencies"]["cluster"],
        ),
        ("To set up", PROJECT["dependency-groups"]["build"]),
        ("To work on it", PROJECT["dependency-groups"]["dev"]),
    ],
)
def test_each_dependency_has_its_reason(title: str, requirements: list[str]) -> None:
    """No package comes in without a reason, and no reason outlives its package."""
    section = DEPENDENCIES.split(f"## {title}\n", 1)[1].split("\n## ", 1)[0]
    told = re.findall(r"^\| ([\w-]+) \| \w", section, re.MULTILINE)[1:]
    assert sorted(told) == sorted(re.split(r"[<>=!~\[; ]", name)[0] for name in requirements)


def test_a_library_of_one_room_is_closed_to_those_above() -> None:
    """A new one is named in the contract "One room a technology", or used by all of them."""
    (closed,) = (
        contract
        for contract in PROJECT["tool"]["importlinter"]["contracts"]
        if contract["name"] == "One room a technology"
    )
    shut_out = {*closed["source_modules"], "pipeline.core"}
    graph = grimp.build_graph("pipeline", include_external_packages=True, cache_dir=None)
    libraries = {m for m in graph.modules if not m.startswith("pipeline")}
    for library in sorted(libraries - sys.stdlib_module_names):
        users = graph.find_modules_that_directly_import(library)
        rooms = {".".join(user.split(".")[:2]) for user in users}
        assert rooms & shut_out or library in closed["forbidden_modules"], library


def test_every_room_stands_in_the_map() -> None:
    """Whoever is new finds each folder of the program where the page begins."""
    rooms = {path.parent.name for path in (CHECKOUT / "pipeline").glob("*/**/__init__.py")}
    map_ = CONTRIBUTING.split("```\n")[1].split("\nconfigs/")[0]
    assert rooms == set(re.findall(r"^ {2,4}(\w+)/", map_, re.MULTILINE))


@pytest.mark.parametrize("name", sorted({*FILE.findall(CONTRIBUTING), *FILE.findall(HANDED_ON)}))
def test_every_file_that_is_named_is_there(name: str) -> None:
    """A file that moved takes its line of "to add X, touch Y" along."""
    places = (CHECKOUT, CHECKOUT / "pipeline", CHECKOUT / "pipeline" / "commands")
    assert any((place / name).exists() for place in places)


@cache
def names_in_code() -> set[str]:
    """Every name of a file or in one; words in texts and comments are none."""
    names = set()
    for folder in ("pipeline", "docs/making", "tests"):
        for path in (CHECKOUT / folder).rglob("*.py"):
            with path.open("rb") as file:
                names |= {t.string for t in tokenize.tokenize(file.readline) if t.type == NAMED}
            names.add(path.stem)
    return names


@pytest.mark.parametrize("name", sorted({*NAME.findall(TABLE), *NAME.findall(HANDED_ON)}))
def test_every_name_that_is_told_is_there(name: str) -> None:
    """What was renamed takes its row of the two tables along."""
    assert name in names_in_code()
