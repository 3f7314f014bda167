"""The YAML file: what it says, and on which line. Owns the syntax and the places of faults.

Must not know which keys there are. Scalars are read by YAML 1.2's core schema (yaml.org/spec/1.2.2,
10.3.2), so that `yes` and `on` are text; and 0123 stays text, since it is somebody's number.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

import yaml

from pipeline.config.filekinds import nearest_name
from pipeline.errors import ConfigFault

Location: TypeAlias = tuple[str | int, ...]
"""The keys and list positions that lead to a value."""

_TAG: Final = "tag:yaml.org,2002:"
_UNSIGNED: Final = r"(?:0|[1-9][0-9]*)"
_FRACTION: Final = rf"(?:\.[0-9]+|{_UNSIGNED}\.[0-9]*)"
_POWER: Final = r"(?:[eE][-+]?[0-9]+)"
_NUMBER_STARTS: Final = list("-+0123456789")


class _CoreLoader(yaml.SafeLoader):
    """PyYAML's reader with the scalars of YAML 1.2's core schema."""


_CoreLoader.yaml_implicit_resolvers = {}

for _kind, _pattern, _starts in (
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("int", rf"[-+]?{_UNSIGNED}|0o[0-7]+|0x[0-9a-fA-F]+", _NUMBER_STARTS),
    (
        "float",
        rf"[-+]?(?:{_FRACTION}{_POWER}?|{_UNSIGNED}{_POWER}|\.(?:inf|Inf|INF))|\.(?:nan|NaN|NAN)",
        [*_NUMBER_STARTS, "."],
    ),
):
    _CoreLoader.add_implicit_resolver(_TAG + _kind, re.compile(rf"^(?:{_pattern})$"), _starts)

_SCALARS: Final[Mapping[str, Callable[[str], object]]] = {
    _TAG + "str": str,
    _TAG + "bool": lambda text: text.lower() == "true",
    _TAG + "null": lambda _: None,
    _TAG + "int": lambda text: int(text, 0),
    _TAG + "float": lambda text: float(re.sub(r"\.(?=inf|nan)", "", text.lower())),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """A fault before it has a line: where in the config, what is wrong, what to do."""

    location: Location
    wrong: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Source:
    """A config file as it stands: its values, the line of each, and what is wrong with its form."""

    path: Path
    data: Mapping[str, object]
    lines: Mapping[Location, int]
    findings: tuple[Finding, ...]

    def line(self, location: Location) -> int:
        """The line of the innermost key on the way that stands in the file; 0 where none does."""
        while location and location not in self.lines:
            location = location[:-1]
        return self.lines.get(location, 0)

    def place(self, location: Location) -> str:
        """A place as a person reads it: ``leads.yaml, line 14, limits.rate``."""
        line = self.line(location)
        # A key may hold a line break; a fault is one line.
        names = [" ".join(step.split()) or "''" for step in location if isinstance(step, str)]
        keys = ".".join(names)
        return ", ".join(
            part for part in (self.path.name, f"line {line}" if line else "", keys) if part
        )

    def fault(self, finding: Finding) -> ConfigFault:
        """A finding as it is told."""
        return ConfigFault(
            place=self.place(finding.location), wrong=finding.wrong, remedy=finding.remedy
        )


def read_source(path: Path) -> Source:
    """What a config file says. Raises `ConfigFault` where nothing of it can be read."""
    text = _text(path)
    try:
        root = yaml.compose(text, Loader=_CoreLoader)
        if not isinstance(root, yaml.MappingNode):
            wrong = "the file is empty" if root is None else "the file holds no keys"
            remedy = "write keys with values, or let `pipeline init SHEET` write a config"
            raise ConfigFault(place=path.name, wrong=wrong, remedy=remedy)
        walk = _Walk()
        data = walk.mapping(root, ())
    except yaml.MarkedYAMLError as error:
        raise _syntax_fault(path, error) from None
    except yaml.YAMLError:
        remedy = "save it as plain text in UTF-8"
        raise ConfigFault(
            place=path.name, wrong="the file holds control characters", remedy=remedy
        ) from None
    except RecursionError:
        wrong = "the file nests too deeply, or refers to itself"
        raise ConfigFault(place=path.name, wrong=wrong, remedy="write it out flat") from None
    return Source(path, data, walk.lines, tuple(walk.findings))


def read_scalar(text: str) -> object:
    """A single value as YAML would read it; what is none stays text."""
    try:
        node = yaml.compose(text, Loader=_CoreLoader)
    except yaml.YAMLError:
        return text
    if not isinstance(node, yaml.ScalarNode) or node.tag not in _SCALARS:
        return text
    return _SCALARS[node.tag](node.value)


def _text(path: Path) -> str:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise ConfigFault(
            place=str(path), wrong="there is no such file", remedy=_nearest(path)
        ) from None
    except IsADirectoryError:
        raise ConfigFault(
            place=str(path), wrong="this is a folder", remedy=_nearest(path / "config.yaml")
        ) from None
    except OSError as error:
        wrong = f"the file can't be read ({error.strerror})"
        remedy = "see to it that you may read it"
        raise ConfigFault(place=path.name, wrong=wrong, remedy=remedy) from None
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        place = f"{path.name}, line {line}"
        remedy = "save it as UTF-8"
        raise ConfigFault(place=place, wrong="the file is not UTF-8", remedy=remedy) from None


def _nearest(path: Path) -> str:
    try:
        names = sorted(
            entry.name for entry in path.parent.iterdir() if entry.suffix in {".yaml", ".yml"}
        )
    except OSError:
        names = []
    if near := nearest_name(path, names):
        return f"did you mean {path.with_name(near)}?"
    if names:
        return f"name a config of that folder: {', '.join(names[:5])}"
    return "let `pipeline init SHEET` write a config"


_SYNTAX: Final = (
    ("alias", 'write a lone * in quotes: "*"'),
    ("'\\t'", "indent with spaces, not with tabs"),
    ("mapping values", "put text that holds a colon in quotes, and check the indentation"),
    ("single document", "keep one config a file: leave out the line ---"),
    ("quoted scalar", "close the quotes"),
)
"""What YAML's own complaint holds, and what is meant most often."""


def _syntax_fault(path: Path, error: yaml.MarkedYAMLError) -> ConfigFault:
    mark = error.problem_mark or error.context_mark
    complaint = f"{error.context or ''} {error.problem or ''}".strip()
    remedies = [remedy for sign, remedy in _SYNTAX if sign in complaint]
    return ConfigFault(
        place=f"{path.name}, line {mark.line + 1}" if mark else path.name,
        wrong=f"this is not YAML ({complaint})",
        remedy=remedies[0]
        if remedies
        else "check the indentation, and put text with special characters in quotes",
    )


class _Walk:
    """One walk over the composed file, which collects values, lines and faults of the form."""

    def __init__(self) -> None:
        self.lines: dict[Location, int] = {}
        self.findings: list[Finding] = []

    def mapping(self, node: yaml.MappingNode, location: Location) -> dict[str, object]:
        values: dict[str, object] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                self._find(location, f"the key in line {line} is no text", "write a plain name")
                continue
            # A key is its text, whatever it looks like: a column may be called 2024 or true.
            key, place = key_node.value, (*location, key_node.value)
            if key in values:
                wrong = f"the key stands twice (lines {self.lines[place]} and {line})"
                self._find(place, wrong, "leave one out")
                continue
            self.lines[place] = line
            values[key] = self._value(value_node, place)
        return values

    def _value(self, node: yaml.Node, location: Location) -> object:
        if isinstance(node, yaml.MappingNode):
            return self.mapping(node, location)
        if isinstance(node, yaml.SequenceNode):
            return [self._item(item, (*location, index)) for index, item in enumerate(node.value)]
        return self._scalar(node, location)

    def _item(self, node: yaml.Node, location: Location) -> object:
        self.lines[location] = node.start_mark.line + 1
        return self._value(node, location)

    def _scalar(self, node: yaml.Node, location: Location) -> object:
        read = _SCALARS.get(node.tag)
        try:
            if read:
                return read(node.value)
        except ValueError:
            pass
        wrong = "this number can't be read" if read else "this value has a tag that is not known"
        self._find(location, wrong, "write plain text, in quotes")
        return None

    def _find(self, location: Location, wrong: str, remedy: str) -> None:
        self.findings.append(Finding(location, wrong, remedy))
