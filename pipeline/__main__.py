"""The entry point of ``pipeline`` and ``python -m pipeline``."""

import sys

from pipeline import cli


def main() -> None:
    """Run the command line, and end the process with its exit code."""
    sys.exit(cli.main())


if __name__ == "__main__":
    main()
