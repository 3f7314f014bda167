"""What the ledger says of itself. Owns its token, who holds it, and the files that it wrote.

Must not know rows or runs.
"""

import os
import secrets
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from pipeline.core.jsontext import from_json, to_json
from pipeline.ledger import queries
from pipeline.ledger.transactions import Transactions, path_text


class Facts(Transactions):
    """Single facts by their names, and what is known of the output's files."""

    @property
    def token(self) -> str:
        """What the tokens of attempts made from now on begin with; no other ledger has it."""
        return self.fact("token") or self.renew_token()

    def renew_token(self) -> str:
        """Take a new random token. Attempts that were made keep theirs."""
        token = secrets.token_hex(8)
        self.say_facts({"token": token})
        return token

    def call_token(self) -> str:
        """What the tokens of one call's attempts begin with.

        A ledger that was put back from a backup gives the same numbers once more: what a call adds
        keeps its tokens apart from those of the ledger that was lost.
        """
        return f"{self.token}-{secrets.token_hex(4)}"

    def fact(self, name: str) -> str | None:
        """A single fact about the ledger itself, by its name."""
        row = self._execute(queries.TELL_FACT, (name,)).fetchone()
        return None if row is None else str(row[0])

    def say_facts(self, facts: Mapping[str, str | None]) -> None:
        """Write single facts down; ``None`` takes one out."""
        with self.transaction():
            for name, value in facts.items():
                if value is None:
                    self._execute(queries.FORGET_FACT, (name,))
                else:
                    self._execute(queries.SAY_FACT, (name, value))

    def holder(self) -> str | None:
        """The process id that holds the ledger, or held it when it was killed."""
        return self.fact("holder")

    def say_holder(self) -> None:
        """Write this process's id into the ledger, for whoever comes second."""
        self.say_facts({"holder": str(os.getpid()), "adjusted": None})

    def forget_holder(self) -> None:
        """Say that no process holds the ledger any more."""
        self.say_facts({"holder": None, "adjusted": None})

    def take_adjustments(self) -> None:
        """Say that a batch runs whose limits may be changed, until its holder is forgotten."""
        self.say_facts({"adjusted": "{}"})

    def end_adjustments(self) -> None:
        """Say that the batch takes no changes any more, and forget those that it took."""
        self.say_facts({"adjusted": None})

    def adjust(self, changes: Mapping[str, str]) -> bool:
        """Leave changes for the batch that runs; tells whether one takes them."""
        with self.transaction():
            if self.fact("adjusted") is None:
                return False
            text = to_json({**self.adjustments(), **changes})
            self._execute(queries.SAY_FACT, ("adjusted", text))
        return True

    def adjustments(self) -> dict[str, str]:
        """What was changed of the batch that runs, by key, as it was written."""
        changes: dict[str, str] = from_json(self.fact("adjusted") or "{}")
        return changes

    def webhook_tokens(self) -> frozenset[str]:
        """What the addresses end in that may stand at the service as webhooks of this ledger."""
        return frozenset(from_json(self.fact("webhooks") or "[]"))

    def say_webhook_tokens(self, tokens: Collection[str]) -> None:
        """Write down which of them may stand: before one is registered, and once it is removed."""
        self.say_facts({"webhooks": to_json(sorted(tokens)) if tokens else None})

    def record_written(self, path: Path, digest: str, written_at: float) -> None:
        """Remember the output sheet as we wrote it."""
        with self.transaction():
            self._execute(queries.SAY_WRITTEN, (path_text(path), digest, written_at))

    def written_digest(self, path: Path) -> str | None:
        """The SHA-256 of the output as we last wrote it there; ``None``: never."""
        row = self._execute(queries.TELL_WRITTEN, (path_text(path),)).fetchone()
        return None if row is None else str(row[0])

    def is_written_digest(self, digest: str) -> bool:
        """Whether this ledger wrote a file of this SHA-256."""
        return self._execute(queries.IS_WRITTEN, (digest,)).fetchone() is not None

    def remember_texts(self, texts: Iterable[tuple[str, str]]) -> None:
        """Remember texts that are put into an output's cells, each with its column's header."""
        with self.transaction():
            self._connection.executemany(queries.REMEMBER_TEXT, texts)

    def written_texts(self, header: str) -> set[str]:
        """The texts remembered for a column."""
        return {text for (text,) in self._execute(queries.WRITTEN_TEXTS, (header,))}
