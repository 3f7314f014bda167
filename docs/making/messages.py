"""Every error that the program can tell a person, read from its own source.

Owns which calls make an error, and where its words stand among their arguments. Must not know how
the page is laid out.
"""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from inspect import signature
from pathlib import Path
from typing import Final

from docs.making.sourcewords import UNKNOWN, Module, name_of
from pipeline import errors
from pipeline.errors import PipelineError
from pipeline.sheets.package.parts import PartError

PACKAGE: Final = Path(errors.__file__).parent

FAULTS: Final = frozenset(
    name
    for name, thing in vars(errors).items()
    if isinstance(thing, type) and issubclass(thing, PipelineError)
)


@dataclass(frozen=True, slots=True)
class Carrier:
    """What carries the words of an error to the place that makes it."""

    fault: str
    """The error's class."""
    wrong: int
    remedy: int
    """Their places among the arguments."""
    usual_remedy: str = UNKNOWN


CARRIERS: Final[Mapping[str, Carrier]] = {
    **{fault: Carrier(fault, -1, -1) for fault in FAULTS},
    "Finding": Carrier("ConfigFault", 1, 2),
    "ValueFault": Carrier("ConfigFault", 0, 1),
    "NoSuchColumnError": Carrier("ConfigFault", 0, 1),
    "PartError": Carrier("InputFault", 0, 1, signature(PartError).parameters["remedy"].default),
}
"""By the name of the class; the errors themselves take their words by keyword."""


@dataclass(frozen=True, slots=True)
class Message:
    """One error as a person reads it, but for its place."""

    fault: str
    wrong: str
    remedy: str

    @property
    def is_told_by_another(self) -> bool:
        """Whether none of its words are this program's own."""
        return not self.wrong.strip(f"{UNKNOWN} ")


@cache
def every_message() -> tuple[tuple[Path, Message], ...]:
    """All of them, as often as they are made, with the file that makes each."""
    return tuple(
        (path.relative_to(PACKAGE), message)
        for path in sorted(PACKAGE.rglob("*.py"))
        for message in _messages_of(Module(path))
    )


def messages() -> tuple[tuple[Path, Message], ...]:
    """All of them, each once a file, with the file that makes it."""
    return tuple(dict.fromkeys(every_message()))


def _messages_of(module: Module) -> Iterator[Message]:
    for call in module.calls:
        carrier = CARRIERS.get(name_of(call))
        words = None if carrier is None else _words(call, carrier)
        if carrier is not None and words is not None:
            for wrong, remedy in module.texts(call, words):
                yield Message(carrier.fault, wrong, remedy)


def _words(call: ast.Call, carrier: Carrier) -> tuple[ast.expr, ast.expr] | None:
    """What is wrong, and the remedy; ``None`` where they are another error's, handed on."""
    wrong = _argument(call, "wrong", carrier.wrong)
    if wrong is None or (isinstance(wrong, ast.Attribute) and wrong.attr == "wrong"):
        return None
    remedy = _argument(call, "remedy", carrier.remedy)
    return wrong, remedy or ast.Constant(carrier.usual_remedy)


def _argument(call: ast.Call, name: str, place: int) -> ast.expr | None:
    for keyword in call.keywords:
        if keyword.arg == name:
            return keyword.value
    return call.args[place] if 0 <= place < len(call.args) else None
