"""The entry point of ``pipeline`` and ``python -m pipeline``. Owns the process's own streams.

Must not know what is said. Nothing depends on stderr, so that a batch goes on where it fails.
"""

import io
import os
import sys
from pathlib import Path
from typing import TextIO

from pipeline import cli


class _Teller(io.TextIOWrapper):
    """Where a person is told; from the first time that it can't be written to, nobody is."""

    @classmethod
    def of(cls, stream: TextIO) -> "_Teller":
        """The same file, which stays the stream's own to close."""
        file = open(stream.fileno(), "wb", closefd=False)  # noqa: SIM115 - lives as long
        return cls(file, stream.encoding, "backslashreplace", line_buffering=True)

    def write(self, text: str) -> int:
        """As ever, or to nobody."""
        try:
            return super().write(text)
        except OSError:
            self._tell_nobody()
            return len(text)

    def flush(self) -> None:
        """As ever, or to nobody."""
        try:
            super().flush()
        except OSError:
            self._tell_nobody()

    def _tell_nobody(self) -> None:
        # What is left in the buffer goes there too: at the interpreter's end it would fail anew.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self.fileno())
        os.close(nowhere)


def main() -> None:
    """Run the command line, and end the process with its exit code."""
    with Path(os.devnull).open("r+", encoding="utf-8") as nowhere:
        # A stream that the caller closed is None: what is said to it is said to nobody.
        sys.stdin = sys.stdin or nowhere
        sys.stdout = sys.stdout or nowhere
        sys.stderr = _Teller.of(sys.stderr) if sys.stderr else nowhere
        if isinstance(sys.stdout, io.TextIOWrapper):
            # A sheet may hold what the terminal's encoding lacks.
            sys.stdout.reconfigure(errors="backslashreplace")
        sys.exit(cli.main())


if __name__ == "__main__":
    main()
