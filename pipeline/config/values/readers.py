"""Names, ids and addresses as a person writes them. Owns what each may look like.

Must not know keys or YAML. No fault tells what was written where a key could have been pasted.
"""

import codecs
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from pipeline.config.values.units import ValueFault, echo
from pipeline.core.doubts import TOKEN_FIELD
from pipeline.core.rows.cells import shown

SIMULATOR: Final = "simulator"
"""The `base_url` that stands for the bundled simulator."""

SIMULATED_IDS: Final = ("WCFG-", "WFCG-")
"""What the ids of workflows begin with that the bundled simulator knows. A service's are opaque."""

KEY_VARIABLE: Final = "COPY_AI_API_KEY"
"""The environment variable that holds the service's key, unless the config names another."""

PLACEHOLDER: Final = "WCFG-…"
"""The workflow's id in a config that `init` wrote without being told one."""

ENCODINGS: Final = frozenset(
    {
        *("utf-8", "utf-16", "utf-16-le", "utf-16-be"),
        *(f"cp{number}" for number in (437, 850, 852, 858, 866, 874, *range(1250, 1259))),
        *(f"iso8859-{part}" for part in range(1, 17) if part != 12),  # noqa: PLR2004 - never issued
        *("koi8-r", "koi8-u", "mac-roman"),
        *("cp932", "cp949", "cp950", "shift_jis", "euc_jp", "euc_kr", "gbk", "gb18030", "big5"),
    }
)
"""The codecs, by Python's names, in which a sheet may be spelled: none has a state, so that a part
of a text may be changed and the rest be left as it is."""

LISTEN_PATTERN: Final = r"([0-9.]+|\[[0-9A-Fa-f:.]+\]):([0-9]{1,5})"
"""An address with its port, the longer kind in brackets (RFC 3986, 3.2.2)."""

PORTS: Final = 2**16

_NOT_IN_NAMES: Final = frozenset('\\/:*?"<>|')
_LONGEST_NAME: Final = 150
"""Bytes: file systems take 255, and the ledger's and report's endings come on top."""


@dataclass(frozen=True, slots=True)
class Listen:
    """Where a server of this machine waits for connections."""

    host: str
    port: int


def read_cell_text(value: object) -> str:
    """What a cell shows, from text, a number, true or false. Raises `ValueFault`."""
    if isinstance(value, str | int | float):
        return shown(value)
    raise ValueFault(f"{echo(value)} is no text", 'write what the cell shows, or ""')


def read_name(value: object) -> object:
    """A column's name, folded as in `core.rows.cells.column_names`. Raises `ValueFault`."""
    return _folded(value, "write the column's name as it stands in the sheet's header")


def read_new_name(value: object) -> object:
    """The name of a column that is to be made, folded likewise. Raises `ValueFault`."""
    return _folded(value, "write the new column's header")


def _folded(value: object, remedy: str) -> str:
    if value is None:
        raise ValueFault("no value stands here", remedy)
    if not isinstance(value, str):
        raise ValueFault(f"{echo(value)} is no name in text", 'put it in quotes: "…"')
    folded = " ".join(value.split())
    if not folded:
        raise ValueFault("a name is blank", remedy)
    return folded


def read_output_path(value: object) -> object:
    """A path into the outputs, as `core.rows.cells.find_output` takes it. Raises `ValueFault`."""
    if not isinstance(value, str) or not value.strip():
        raise ValueFault(
            f"{echo(value)} names no output of the run",
            'write an output\'s name, or a path such as "analysis.score"',
        )
    return value


def read_batch_name(value: str) -> str:
    """A name that can stand in a file's name. Raises `ValueFault`."""
    if (
        not value.isprintable()
        or not _NOT_IN_NAMES.isdisjoint(value)
        or value != value.strip(" .")
        or len(value.encode()) > _LONGEST_NAME
    ):
        remedy = "set name to a few letters, digits, spaces, - or _"
        raise ValueFault(f"the name {echo(value)} can't name a file", remedy)
    return value


def fit_batch_name(text: str) -> str:
    """The text as `read_batch_name` takes it: what can't stand in a file's name is a hyphen."""
    fit = "".join(c if c.isprintable() and c not in _NOT_IN_NAMES else "-" for c in text)
    short = fit.strip(" .-").encode()[:_LONGEST_NAME].decode(errors="ignore")
    return short.strip(" .-") or "batch"


def read_header_row(value: object) -> object:
    """The header's row, from 1; ``None`` where the sheet has none. Raises `ValueFault`."""
    if value == "none":
        return None
    if isinstance(value, int) and not isinstance(value, bool) and value >= 1:
        return value
    raise ValueFault(f"{echo(value)} is no header row", "write its number from 1, or none")


def read_delimiter(value: object) -> object:
    """What stands between the fields of a text file; ``None``: it is found. Raises `ValueFault`."""
    if value is None:
        return None
    text = "\t" if value == "tab" else value
    if not isinstance(text, str) or len(text) != 1 or not (text == "\t" or _is_sign(text)):
        remedy = 'write one sign, such as ";" in quotes, or tab, or leave it out: then it is found'
        raise ValueFault(f"{echo(value)} is no delimiter", remedy)
    return text


def read_quote(value: object) -> object:
    """What stands around quoted fields; ``None``: nothing quotes. Raises `ValueFault`."""
    if value == "none":
        return None
    if not isinstance(value, str) or len(value) != 1 or value == " " or not _is_sign(value):
        raise ValueFault(f"{echo(value)} is no quote", "write one sign in quotes, or none")
    return value


def _is_sign(character: str) -> bool:
    return character.isprintable() and not character.isalnum()


def read_encoding(value: object) -> object:
    """An encoding by any of its names, as Python's; ``None``: it is found. Raises `ValueFault`."""
    if value is None:
        return None
    wrong = f"{echo(value)} is no encoding that is known here"
    try:
        # A mark is found and kept in any case, so that it needs no name of its own.
        codec = codecs.lookup(value).name.removesuffix("-sig") if isinstance(value, str) else ""
    except (LookupError, ValueError):
        codec = ""
    if codec in ENCODINGS:
        return codec
    near = get_close_matches(str(value).casefold(), {*ENCODINGS, "windows-1252"}, n=1)
    if near:
        raise ValueFault(wrong, f"did you mean {near[0]}? Left out, it is found")
    raise ValueFault(wrong, "write utf-8, windows-1252 or the like")


def read_workflow_id(value: object) -> object:
    """The workflow's id: opaque text that fits into an address. Raises `ValueFault`."""
    remedy = "put your workflow's id here: in copy.ai, open the workflow, tab API"
    if isinstance(value, int | float):
        raise ValueFault("the workflow's id is a number", 'put it in quotes: "…"')
    if not isinstance(value, str) or not value:
        raise ValueFault("the workflow's id is missing", remedy)
    if "…" in value or "..." in value:
        raise ValueFault("the workflow's id is still a placeholder", remedy)
    if not value.isprintable() or re.search(r"[\s/\\?#%]", value):
        raise ValueFault("the workflow's id holds a space, a slash or the like", remedy)
    return value


def read_base_url(value: object) -> object:
    """The service's address, or the simulator's word. Raises `ValueFault`."""
    if value == SIMULATOR:
        return value
    return _address("base_url", value, f"write https://… or {SIMULATOR}", "send the key")


def read_public_url(value: object) -> object:
    """The address at which the service reaches this machine. Raises `ValueFault`."""
    remedy = "write https://host, or http://127.0.0.1:port where the service is on this machine"
    return _address("public_url", value, remedy, "carry outputs")


def _address(key: str, value: object, remedy: str, does: str) -> str:
    if not isinstance(value, str) or not value.isprintable() or re.search(r"\s", value):
        raise ValueFault(f"{key} is no address", remedy)
    try:
        address = urlsplit(value)
        is_whole = bool(address.hostname) and address.port != 0
    except ValueError:
        is_whole = False
    if not is_whole or address.scheme not in {"http", "https"}:
        raise ValueFault(f"{key} is no http address", remedy)
    if "?" in value or "#" in value or address.username is not None:
        raise ValueFault(f"{key} holds more than a host and a path", "leave out ?, # and @")
    if address.scheme == "http" and not is_loopback(value):
        raise ValueFault(f"{key} would {does} unprotected", "write https instead of http")
    return value.rstrip("/")


def is_loopback(address: str) -> bool:
    """Whether an http address leads to this machine alone."""
    host = urlsplit(address).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def read_listen(value: object) -> object:
    """An IP address of this machine and a port. Raises `ValueFault`."""
    written = re.fullmatch(LISTEN_PATTERN, value) if isinstance(value, str) else None
    try:
        host = ip_address(written[1].strip("[]")) if written else None
        port = int(written[2]) if written else 0
    except ValueError:
        host, port = None, 0
    if host is None or not 0 < port < PORTS:
        remedy = "write an IP address of this machine and a port, such as 127.0.0.1:8765"
        raise ValueFault("listen is no address with a port", remedy)
    return Listen(str(host), port)


def read_environment_name(value: object) -> object:
    """The name of an environment variable. Raises `ValueFault`."""
    # Capitals only: a key that was pasted here would else pass for a name, and be told in errors.
    if isinstance(value, str) and re.fullmatch(r"[A-Z_][A-Z0-9_]*", value):
        return value
    raise ValueFault(
        "this is no name of an environment variable (capitals, digits and _)",
        "write the variable's name here; "
        "the key belongs into the environment variable COPY_AI_API_KEY or into .env",
    )


def read_json(value: object) -> object:
    """A value that can be sent as JSON. Raises `ValueFault`."""
    try:
        json.dumps(value, allow_nan=False)
    except ValueError:
        raise ValueFault("it holds a number without end", "write a plain number") from None
    return value


def read_metadata(value: Mapping[str, object]) -> object:
    """What is sent along with each start, beside our own token. Raises `ValueFault`."""
    if TOKEN_FIELD in value:
        raise ValueFault(
            f"{TOKEN_FIELD} is this program's own: it tells each start from every other",
            "give that line another name",
        )
    return read_json(value)
