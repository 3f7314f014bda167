"""Values to JSON and back, in the ledger and on the wire. Must not know what the values mean.

Rows are many, and each has some: a fast library does it. What it refuses and Python's own takes
(half of an emoji, in what a person wrote or an earlier program left) goes the plain way.
"""

import json
from typing import Any

import msgspec


def to_json(value: object) -> str:
    """The value as JSON, on one line."""
    try:
        return msgspec.json.encode(value).decode()
    except UnicodeEncodeError:
        return json.dumps(value)


def from_json(text: str) -> Any:  # noqa: ANN401 - whatever was written
    """The value of a JSON text that `to_json` wrote."""
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        return json.loads(text)
