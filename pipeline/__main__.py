"""The entry point of ``pipeline`` and ``python -m pipeline``. Owns the process's own streams."""

import io
import os
import sys
from pathlib import Path

from pipeline import cli


def main() -> None:
    """Run the command line, and end the process with its exit code."""
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        # A stream that the caller closed is None: what is said to it is said to nobody.
        sys.stdout = sys.stdout or nowhere
        sys.stderr = sys.stderr or nowhere
        if isinstance(sys.stdout, io.TextIOWrapper):
            # A sheet may hold what the terminal's encoding lacks.
            sys.stdout.reconfigure(errors="backslashreplace")
        sys.exit(cli.main())


if __name__ == "__main__":
    main()
