"""`make docs`: writes anew what the pages hold of the program itself.

A page marks each such part by two comments, and its author owns all the rest.
"""

import re
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

from docs.making.features import features
from docs.making.helps import helps
from docs.making.keys import keys, keys_to_come
from docs.making.picture import picture
from docs.making.rooms import rooms
from docs.making.states import states
from docs.making.troubles import all_errors, failures, stops

CHECKOUT: Final = Path(__file__).parents[2]

PICTURE: Final = CHECKOUT / "docs" / "result.svg"

PARTS: Final[Mapping[str, Callable[[], str]]] = {
    "errors": all_errors,
    "failures": failures,
    "features": features,
    "helps": helps,
    "keys": keys,
    "keys-to-come": keys_to_come,
    "rooms": rooms,
    "states": states,
    "stops": stops,
}
"""What the pages can hold, by the name in the opening comment."""

MARKED: Final = re.compile(
    r"(?P<opening><!-- made by `make docs`: (?P<name>[a-z-]+) -->\n).*?"
    r"(?P<closing>\n<!-- end of what is made -->)",
    re.DOTALL,
)


def pages() -> Iterator[Path]:
    """The pages that a reader of the project meets."""
    for pattern in ("*.md", "docs/**/*.md", "benchmarks/*.md"):
        yield from sorted(CHECKOUT.glob(pattern))


def made_anew(page: str) -> str:
    """The page with its marked parts as the program now is."""
    return MARKED.sub(
        lambda found: f"{found['opening']}\n{PARTS[found['name']]()}\n{found['closing']}", page
    )


def main() -> None:
    """Write the pages and the picture that are not as the program is, and say which."""
    for path in pages():
        before = path.read_text(encoding="utf-8")
        _write_anew(path, before, made_anew(before))
    before = PICTURE.read_text(encoding="utf-8") if PICTURE.exists() else ""
    _write_anew(PICTURE, before, picture())


def _write_anew(path: Path, before: str, after: str) -> None:
    if after != before:
        path.write_text(after, encoding="utf-8")
        sys.stderr.write(f"Written: {path.relative_to(CHECKOUT)}\n")


if __name__ == "__main__":
    main()
