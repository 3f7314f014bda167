"""What completed runs gave, of the outputs that are asked for. Owns what is remembered of it.

Must not know a sheet's rows, nor what is said of it.
"""

from collections.abc import Mapping
from typing import Final

from pipeline.core.model import Standing, State
from pipeline.core.rows.cells import NoSuchOutputError, find_output

NAMES_REMEMBERED: Final = 6
"""One more than anybody is told."""


class GivenOutputs:
    """The outputs that no run gave so far, as the runs pass by one after the other."""

    def __init__(self, paths: Mapping[str, str]) -> None:
        self.lacking = dict(paths)
        """Header to the output's name or path, of those that no run gave."""
        self.runs = 0
        """How many of the runs were complete."""
        self.names: dict[str, None] = {}
        """The first names that were given."""

    def see(self, standing: Standing) -> None:
        """Take in one run; it is searched only while an output is lacking."""
        if standing.state is not State.COMPLETE:
            return
        self.runs += 1
        if not self.lacking:
            return
        given = (standing.attempt and standing.attempt.outputs) or {}
        for name in given:
            if len(self.names) < NAMES_REMEMBERED:
                self.names[name] = None
        for header, path in [*self.lacking.items()]:
            try:
                find_output(given, path)
            except NoSuchOutputError:
                continue
            del self.lacking[header]
