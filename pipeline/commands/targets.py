"""A file that the command line names to be written. Owns what is refused of its place.

Must not know what is written, nor how a file of ours is known again.
"""

from pathlib import Path

from pipeline.errors import OutputFault


def see_that_its_folder_is_there(target: Path) -> None:
    """Raise `OutputFault` where it is not: a slip in a path is no wish for a new folder."""
    if not target.absolute().parent.is_dir():
        raise OutputFault(
            place=str(target),
            wrong="its folder is not there",
            remedy="name a file in a folder that is there, with -o",
        )
