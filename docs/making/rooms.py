"""The rooms and who knows whom, drawn from the imports as they are. Owns the drawing's form."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import grimp

PACKAGE: Final = "pipeline"
DOOR: Final = "the command line"
"""What the modules beside the rooms that start the program are drawn as."""
AT_THE_DOOR: Final = frozenset({"__main__", "cli"})


def rooms() -> str:
    """A Mermaid flowchart: a box a room, with how many files it and its inner rooms hold.

    An arrow stands for imports; one that follows from others is left out.
    """
    graph = grimp.build_graph(PACKAGE, cache_dir=None)
    known = _known(graph)
    lines = [f'    {_box(room)}["{_label(room, graph.modules)}"]' for room in sorted(known)]
    lines += [f"    {_box(above)} --> {_box(below)}" for above, below in sorted(_direct(known))]
    return "\n".join(["```mermaid", "flowchart TD", *lines, "```"])


def files_by_room(modules: Iterable[str]) -> Mapping[str, int]:
    """How many modules each room and each inner room holds itself, by its dotted name."""
    names = sorted(modules)
    packages = {name.rpartition(".")[0] for name in names}
    counts = dict.fromkeys(packages - {"", PACKAGE}, 0)
    for name in names:
        holder = name.rpartition(".")[0]
        if name not in packages and holder in counts:
            counts[holder] += 1
    return {name.removeprefix(f"{PACKAGE}."): count for name, count in counts.items()}


def _known(graph: grimp.ImportGraph) -> dict[str, set[str]]:
    """For each room, those that it imports."""
    known: dict[str, set[str]] = {_room(module): set() for module in graph.modules - {PACKAGE}}
    for importer in graph.modules - {PACKAGE}:
        for imported in graph.find_modules_directly_imported_by(importer) - {PACKAGE}:
            known[_room(importer)].add(_room(imported))
    return {room: others - {room} for room, others in known.items()}


def _room(module: str) -> str:
    name = module.split(".")[1]
    return DOOR if name in AT_THE_DOOR else name


def _direct(known: Mapping[str, set[str]]) -> Iterator[tuple[str, str]]:
    """The arrows that follow from no others."""
    for above, others in known.items():
        for below in others:
            if not any(below in _reached(known, other) for other in others - {below}):
                yield above, below


def _reached(known: Mapping[str, set[str]], room: str) -> set[str]:
    reached = set(known[room])
    for other in known[room]:
        reached |= _reached(known, other)
    return reached


def _label(room: str, modules: Iterable[str]) -> str:
    counts = files_by_room(modules)
    inner = [
        f"{name.removeprefix(f'{room}.')} {count}"
        for name, count in counts.items()
        if name.startswith(f"{room}.")
    ]
    own = f"{room} {counts[room]}" if room in counts else room
    return "<br/>".join([own, " · ".join(sorted(inner))]) if inner else own


def _box(room: str) -> str:
    return room.replace(" ", "_")
