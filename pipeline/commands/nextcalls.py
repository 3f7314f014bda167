"""The calls that a command tells, over the very sheet that it read. Owns which flags they bear.

Must not know when a call is told, nor why.
"""

from pathlib import Path
from typing import Final

from pipeline.commands.preparing import Overrides
from pipeline.commands.terminal import command_line

WITHOUT_OUTPUT: Final = ("resolve",)
"""The verbs that read a sheet and write none."""


def next_call(verb: str, config: Path, given: Overrides) -> str:
    """The call of this verb, in back quotes, over the sheet of the call that tells it.

    Without its flags the verb would act on the config's own sheet, and might pay for its rows.
    """
    flags: list[object] = []
    if given.input is not None:
        flags += ["--input", given.input]
    if given.output is not None and verb not in WITHOUT_OUTPUT:
        flags += ["--output", given.output]
    return f"`{command_line(verb, config, *flags)}`"
