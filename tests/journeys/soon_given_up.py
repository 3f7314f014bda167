"""The program, whose workers are given up after a second: for tests that kill them."""

import sys

from pipeline.cli import main
from pipeline.ledger.shared import handout

if __name__ == "__main__":
    setattr(handout, "SILENT_SECONDS", 1.0)  # noqa: B010 - mypy knows it as final
    sys.exit(main())
