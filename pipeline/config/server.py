"""A ledger that several machines share. Owns the spelling of its address. Must not know servers."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from pipeline.config.source import Finding

SCHEMES: Final = ("postgresql://", "postgres://")
LEDGER: Final = ("ledger",)


def take_out_server(
    data: Mapping[str, object],
) -> tuple[dict[str, object], str | None, list[Finding]]:
    """The config without an address in the place of the ledger's path, the address, and its fault.

    A password is a fault, and is not repeated in it.
    """
    rest = dict(data)
    text = rest.get("ledger")
    if not isinstance(text, str) or not text.startswith(SCHEMES):
        return rest, None, []
    del rest["ledger"]
    address = urlsplit(text)
    if address.password is not None or "password=" in address.query:
        wrong = "a password stands in the ledger's address"
        return rest, None, [Finding(LEDGER, wrong, "take it out: PGPASSWORD or pgpass gives it")]
    if not address.hostname or not address.path.strip("/"):
        wrong = "the ledger's address lacks its host or its database"
        return rest, None, [Finding(LEDGER, wrong, "write postgresql://user@host/database")]
    return rest, text, []
