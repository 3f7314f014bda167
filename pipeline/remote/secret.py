"""The service's key, wrapped. Owns that it shows nowhere. Must not know where it was read from."""

from dataclasses import dataclass

HIDDEN = "[key]"
"""What stands where the key stood."""


@dataclass(frozen=True, slots=True, repr=False)
class Secret:
    """A key that no log, message or traceback shows by accident."""

    _value: str

    def reveal(self) -> str:
        """The key itself, for the one header that carries it."""
        return self._value

    def hidden_in(self, text: str) -> str:
        """The text with the key replaced by ``[key]``, should the service have repeated it."""
        return text.replace(self._value, HIDDEN) if self._value else text

    def __repr__(self) -> str:
        return "Secret(…)"


NO_SECRET = Secret("")
"""Where nothing needs hiding."""
