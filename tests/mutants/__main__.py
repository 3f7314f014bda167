"""See that tests notice small breakages: ``python -m tests.mutants SEED N``; exit 1 if too few do.

The mutants are mutmut's, and each is tried against the tests that run its function. mutmut itself
would try thousands, for hours: here a sample is drawn, and told of.
"""

import argparse
import random
import shutil
import subprocess
import sys
from collections import Counter
from contextlib import redirect_stdout
from io import StringIO
from itertools import islice
from pathlib import Path

from mutmut.__main__ import create_mutants
from mutmut.mutation.data import SourceFileMutationData
from mutmut.stats import status_by_exit_code
from mutmut.utils.file_utils import copy_src_dir, walk_mutatable_files

from tests.mutants.mutant import Mutant

FOLDER = Path("mutants")  # mutmut's own, beside the program
PROCESSES = "2"
LEAST_NOTICED = 0.9
# A mutant that never ends is noticed, too: nobody waits for such a test.
NOTICED = {"killed", "timeout"}


def all_mutants() -> list[Mutant]:
    """Every mutant of the rooms that `pyproject.toml` names for mutmut, written into its folder."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    copy_src_dir()
    with redirect_stdout(StringIO()):
        create_mutants(int(PROCESSES))
    return sorted(Mutant(path, name) for path in walk_mutatable_files() for name in results(path))


def drawn(seed: int, count: int) -> list[Mutant]:
    """So many of them as the seed has it, none that no test should notice."""
    mutants = all_mutants()
    random.Random(seed).shuffle(mutants)  # noqa: S311 - the same seed draws the same sample
    seen = (mutant for mutant in mutants if not mutant.is_unseen)
    return list(islice(seen, count))


def try_out(sample: list[Mutant]) -> None:
    """Let mutmut run the tests: once to see which function each runs, then against each mutant."""
    mutmut = Path(sys.executable).with_name("mutmut")
    command = [mutmut, "run", "--max-children", PROCESSES, *(mutant.name for mutant in sample)]
    tried = subprocess.run(command, check=False, stdout=subprocess.PIPE, text=True)  # noqa: S603
    if tried.returncode:
        sys.exit(tried.stdout[-2000:])


def results(path: Path) -> dict[str, str]:
    """What became of each mutant of a file."""
    data = SourceFileMutationData(path=path)
    data.load()
    return {name: status_by_exit_code[code] for name, code in data.exit_code_by_key.items()}


def main() -> int:
    """Tell how many of the sample were noticed, and of each that was not."""
    parser = argparse.ArgumentParser()
    parser.add_argument("seed", type=int)
    parser.add_argument("count", type=int)
    arguments = parser.parse_args()
    sample = drawn(arguments.seed, arguments.count)
    try_out(sample)
    tell = sys.stdout.write
    became = {mutant: results(mutant.path)[mutant.name] for mutant in sample}
    unnoticed = [mutant for mutant in sample if became[mutant] not in NOTICED]
    for mutant in unnoticed:
        tell(f"\n{mutant.path}:{mutant.line}: {became[mutant]}\n{mutant.change}\n")
    counts = ", ".join(f"{count} {status}" for status, count in Counter(became.values()).items())
    share = 1 - len(unnoticed) / len(sample)
    tell(f"\nSeed {arguments.seed}: of {len(sample)} mutants {counts}. ")
    tell(f"{share:.1%} were noticed, and {LEAST_NOTICED:.0%} must be.\n")
    return share < LEAST_NOTICED


if __name__ == "__main__":
    sys.exit(main())
