"""A batch's ledger, wherever it is kept: a file, or a server that several machines share.

Owns the choice between the two, the refusal of what works on a file only, and which process
is at work on it. Must not know what the ledger is asked.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec

from pipeline.config.model import Config
from pipeline.config.sections.sharedledger import place_of
from pipeline.errors import ConfigFault, LedgerFault
from pipeline.ledger.opening import is_running, join_ledger
from pipeline.ledger.store import Ledger


@contextmanager
def joined(config: Config) -> Iterator[Ledger | None]:
    """The ledger beside whoever works on it; ``None`` where there is none yet."""
    if config.server is None:
        with join_ledger(config.ledger) as ledger:
            yield ledger
        return
    need_the_extra(config)
    # Whoever has one machine need not have what a server asks for.
    from pipeline.ledger.shared.sharing import join_shared_ledger  # noqa: PLC0415

    with join_shared_ledger(config.server) as shared:
        yield shared


def process_at(config: Config, ledger: Ledger | None) -> str | None:
    """The process that runs the batch; ``None``: none is known, as of a ledger on a server.

    It may be asked while a batch begins: it never takes the ledger from it.
    """
    if config.server is not None or ledger is None:
        return None
    holder = ledger.holder()
    return holder if is_running(config.ledger, holder) else None


def kept_at(config: Config) -> str:
    """Where the ledger is kept, in words; no user and no password."""
    if config.server is None:
        return str(config.ledger)
    return place_of(config.server)


def refuse_shared(config: Config, what: str) -> None:
    """Raise `LedgerFault` where the ledger is shared: this works on a file only."""
    if config.server is not None:
        raise LedgerFault(
            place=what,
            wrong="this is not supported yet with a ledger that several machines share",
            remedy="run, worker, status, check and export are",
        )


def need_the_extra(config: Config) -> None:
    """Raise `ConfigFault` where a shared ledger is named and what it needs is not installed."""
    if find_spec("psycopg") is None or find_spec("pgqueuer") is None:
        raise ConfigFault(
            place=f"{config.path.name}, ledger",
            wrong="a ledger on a server needs the extra `cluster`, which is not installed",
            remedy="say `make setup-cluster`, or `pip install 'pipeline[cluster]'`",
        )
