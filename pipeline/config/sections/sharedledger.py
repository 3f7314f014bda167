"""A ledger that several machines share. Owns the spelling of its address. Must not know servers."""

from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import urlsplit

from pipeline.config.source import Finding

SCHEMES: Final = ("postgresql://", "postgres://")
LEDGER: Final = ("ledger",)
ADDRESS: Final = "write postgresql://user@host/database"


def take_out_server(
    data: Mapping[str, object],
) -> tuple[dict[str, object], str | None, list[Finding]]:
    """The config without an address in the place of the ledger's path, the address, its faults.

    A password is a fault, and is not repeated in it.
    """
    rest = dict(data)
    text = rest.get("ledger")
    if not isinstance(text, str) or not text.startswith(SCHEMES):
        return rest, None, []
    del rest["ledger"]
    return rest, text, [*_faults(text), *_pushes(rest)]


def place_of(url: str) -> str:
    """The server and database of a ledger's address, and neither user nor password."""
    address = urlsplit(url)
    return f"postgresql://{address.hostname}{address.path}"


def _faults(text: str) -> Iterator[Finding]:
    try:
        address = urlsplit(text)
        _ = address.port  # It is read only when it is asked for.
    except ValueError:
        yield Finding(LEDGER, "the ledger's address can't be read", ADDRESS)
        return
    if address.password is not None or "password=" in address.query:
        wrong = "a password stands in the ledger's address"
        yield Finding(LEDGER, wrong, "take it out: PGPASSWORD or pgpass gives it")
    elif not address.hostname or not address.path.strip("/"):
        wrong = "the ledger's address lacks its host or its database"
        yield Finding(LEDGER, wrong, ADDRESS)


def _pushes(rest: Mapping[str, object]) -> Iterator[Finding]:
    if rest.get("webhook") is not None:
        wrong = "this is not supported yet with a ledger that several machines share"
        yield Finding(("webhook",), wrong, "leave it out: runs are looked at instead")
