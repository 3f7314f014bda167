"""Texts that we wrote, known again where a cell could not hold them as they are.

Must not know files: an output may come back as another kind than it was written.
"""

import re
from collections import defaultdict
from collections.abc import Set as AbstractSet
from functools import cached_property
from typing import Final

from pipeline.sheets.exceltext import held_text
from pipeline.sheets.text.newfields import LOOKS_LIVE, NOTE, STAND_INS

NOTED: Final = re.compile(r"the whole text (?:of [0-9]+ characters )?is in (.+)\]\Z")
"""The end of a cell whose text stands whole in the file that it names."""

NOTED_IN_TEXT: Final = re.compile(rf" \[{re.escape(NOTE)} .+\]\Z")
"""The same in a text file."""


class WrittenTexts:
    """Texts that were written into cells, in whatever spelling."""

    def __init__(self, texts: AbstractSet[str]) -> None:
        self._texts = texts
        self._held: dict[str, frozenset[str]] = {}

    def __contains__(self, cell: str) -> bool:
        """Whether a cell holds one of them: itself, defused, or as much of it as it could."""
        spelled = [cell]
        if cell.startswith("'") and LOOKS_LIVE.match(cell[1:]):
            spelled.append(cell[1:])
        return any(text in self._texts or self._is_noted(text) for text in spelled)

    def _is_noted(self, cell: str) -> bool:
        noted = NOTED.search(cell)
        return noted is not None and (
            cell in self._held_beside(noted[1]) or self._is_stood_in_for(cell)
        )

    def _held_beside(self, name: str) -> frozenset[str]:
        """What cells of Excel hold of the texts that stand whole in the file of this name."""
        if name not in self._held:
            held = ((text, held_text(text, name)) for text in self._texts)
            self._held[name] = frozenset(some for text, some in held if some is not text)
        return self._held[name]

    def _is_stood_in_for(self, cell: str) -> bool:
        held = NOTED_IN_TEXT.sub("", cell)
        return held != cell and any(
            all(ours in (letter, *STAND_INS) for ours, letter in zip(held, text, strict=True))
            for text in self._by_length[len(held)]
        )

    @cached_property
    def _by_length(self) -> defaultdict[int, list[str]]:
        texts = defaultdict(list)
        for text in self._texts:
            texts[len(text)].append(text)
        return texts
