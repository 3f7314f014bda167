"""The rooms are as the house says they are: small, and without a way round."""

from collections.abc import Mapping
from graphlib import TopologicalSorter

import grimp
import pytest

from docs.making.rooms import files_by_room

MOST_FILES = 12
GRAPH = grimp.build_graph("pipeline", cache_dir=None)
COUNTS = files_by_room(GRAPH.modules)


@pytest.mark.parametrize("room", sorted(COUNTS.keys() - {"commands"}))
def test_a_room_is_seen_at_one_glance(room: str) -> None:
    """Whoever looks for a file finds it among a dozen; `commands` has a file a verb."""
    assert COUNTS[room] <= MOST_FILES


def test_no_module_needs_itself() -> None:
    """Each file can be read after those that it imports: no way leads round."""
    needs: Mapping[str, set[str]] = {
        module: GRAPH.find_modules_directly_imported_by(module) for module in GRAPH.modules
    }
    assert list(TopologicalSorter(needs).static_order())
