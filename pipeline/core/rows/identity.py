"""What a row is known by: a digest of what it becomes for the remote. Owns its spelling.

The spelling is part of the promise that the same row is the same row: it may never change. Must
not know cells, nor where a row was read from.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from json.encoder import encode_basestring_ascii
from typing import Final

from pipeline.core.model import Json, RowKey

DIGEST_BYTES: Final = 16


class Identities:
    """What each row of one sheet is known by, from the first row to the last.

    A row's identity is its digest and its count among equals. The digest is BLAKE2b of the JSON
    ``[service, workflow, key, variables]`` with sorted names, in ASCII and without white space.
    Rows are many, so that all but the row's own texts is spelled once: `fixed` are the variables
    that are the same for each row, `varying` the names of those that are each row's own text.
    """

    def __init__(
        self, service: str, workflow_id: str, fixed: Mapping[str, Json], varying: Sequence[str]
    ) -> None:
        values = {name: _spelled(value) for name, value in fixed.items()}
        self._varying = sorted(varying)
        pairs = (
            f"{_escaped(_spelled(name))}:{_escaped(values[name]) if name in values else '%s'}"
            for name in sorted([*fixed, *varying])
        )
        begin = _escaped(_spelled([service, workflow_id])[:-1])
        self._form = f"{begin},[%s],{{{','.join(pairs)}}}]"
        self._equals: dict[bytes, int] = {}

    def each(self, variables: Mapping[str, Json], key: Sequence[str]) -> RowKey:
        """The identity of the next row, where rows that are equal have a run each."""
        digest = self._digest(variables, key)
        # As bytes: of a million rows, these stay in memory.
        count = self._equals[digest] = self._equals.get(digest, 0) + 1
        return RowKey(f"{digest.hex()}-{count}")

    def once(self, variables: Mapping[str, Json]) -> RowKey:
        """The identity of a row, where rows that are equal share a run.

        The key's columns don't reach the service: by them rows would never be equal.
        """
        return RowKey(f"{self._digest(variables, ()).hex()}-1")

    def _digest(self, variables: Mapping[str, Json], key: Sequence[str]) -> bytes:
        spell = encode_basestring_ascii
        texts = [spell(variables[name]) for name in self._varying]  # type: ignore[arg-type]  # text
        text = self._form % (",".join(map(spell, key)), *texts)
        return hashlib.blake2b(text.encode(), digest_size=DIGEST_BYTES).digest()


def digest_of(texts: Sequence[str]) -> bytes:
    """A number of 128 bits that stands for these texts."""
    return hashlib.blake2b(_spelled(list(texts)).encode(), digest_size=DIGEST_BYTES).digest()


def _spelled(value: Json) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def _escaped(text: str) -> str:
    """The text as it stands in a form that values are put into by `%`."""
    return text.replace("%", "%%")
