"""The pages are as the program is, and lead somewhere."""

import re
from pathlib import Path

import pytest

from docs.making.__main__ import CHECKOUT, MARKED, PARTS, PICTURE, made_anew, pages
from docs.making.picture import picture

PAGES = sorted(pages())


def _name(path: Path) -> str:
    return str(path.relative_to(CHECKOUT))


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_what_a_page_holds_of_the_program_is_as_the_program_is(page: Path) -> None:
    """After a change to a command or to a key of the config: `make docs`."""
    text = page.read_text(encoding="utf-8")
    assert made_anew(text) == text


def test_every_part_that_can_be_made_stands_in_a_page() -> None:
    """A marker that was misspelt would keep a page as it is for ever."""
    texts = [page.read_text(encoding="utf-8") for page in PAGES]
    named = [found["name"] for text in texts for found in MARKED.finditer(text)]
    assert sorted(named) == sorted(PARTS)
    assert len(named) == sum(text.count("made by `make docs`:") for text in texts)


def test_the_picture_shows_what_the_demo_gives() -> None:
    """After a change to the demo or to what it gives: `make docs`."""
    assert PICTURE.read_text(encoding="utf-8") == picture()


LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)|(?:src|href)=\"([^\"]+)\"")
CODE = re.compile(r"^```.*?^```|`[^`\n]*`", re.MULTILINE | re.DOTALL)


def _links(text: str) -> list[str]:
    return ["".join(found) for found in LINK.findall(CODE.sub("", text))]


def _anchors(page: Path) -> set[str]:
    """The anchors that GitHub gives a page's headings."""
    text = re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in headings}


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_every_relative_link_leads_to_a_file_and_a_heading(page: Path) -> None:
    """A reader who follows a link arrives."""
    for link in _links(page.read_text(encoding="utf-8")):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path) if path else page
        assert target.exists(), link
        if anchor:
            assert anchor in _anchors(target), link
