"""What an expression of our source can come to say, without running it.

Owns the following of names: through assignments, module constants, and the callers of the function
that it stands in. A word that is only known when it happens is `UNKNOWN`. Must not know what the
words are for.
"""

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Final, TypeAlias

UNKNOWN: Final = "…"
MOST_CALLS_BETWEEN: Final = 3
"""So many functions may hand a word on before it counts as unknown."""

Binding: TypeAlias = "Mapping[str, Bound]"
"""What names stand for at one place."""
FunctionNode: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Bound:
    """What a name stands for."""

    node: ast.expr
    binding: "Binding | None" = None
    """What the names in it stand for; ``None``: the same as where it is found."""


class Module:
    """One file's tree, and what is needed to follow a word within it."""

    def __init__(self, path: Path) -> None:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        self.calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
        self._constants = dict(_constants(tree))
        self._answers = dict(_answers(tree))
        self._function_of: dict[ast.AST, FunctionNode] = {}
        for function in ast.walk(tree):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                # An inner function comes later, and takes its own nodes over.
                self._function_of |= dict.fromkeys(ast.walk(function), function)

    def texts(self, at: ast.Call, words: Sequence[ast.expr]) -> Iterator[tuple[str, ...]]:
        """The texts that these expressions of a call can come to, together."""
        for binding in self._bindings(at, MOST_CALLS_BETWEEN):
            yield from product(*(self._text(word, binding) for word in words))

    def _bindings(self, node: ast.AST, depth: int) -> Iterator[Binding]:
        """What the names around a node stand for: one binding for each way that leads there."""
        function = self._function_of.get(node)
        if function is None:
            yield self._constants
            return
        parameters = _parameters(function)
        callers = [call for call in self.calls if name_of(call) == function.name]
        for local in _ways_to(node, function):
            if not depth or not callers or not parameters:
                yield {**self._constants, **local}
                continue
            for caller in callers:
                given = _arguments(caller, parameters).items()
                for outer in self._bindings(caller, depth - 1):
                    arguments = {name: Bound(node, outer) for name, node in given}
                    yield {**self._constants, **arguments, **local}

    def _text(self, node: ast.expr, binding: Binding) -> list[str]:
        match node:
            case ast.Constant(value):
                return [str(value)]
            case ast.JoinedStr(values):
                return ["".join(texts) for texts in product(*self._each(values, binding))]
            case ast.BinOp(left, ast.Add(), right):
                return ["".join(texts) for texts in product(*self._each([left, right], binding))]
            case ast.IfExp(_, yes, no):
                return [*self._text(yes, binding), *self._text(no, binding)]
            case ast.BoolOp(_, values):
                return [text for texts in self._each(values, binding) for text in texts]
            case ast.FormattedValue(value):
                return self._filled_in(value, binding)
            case ast.Name(name) if name in binding:
                # A name that is made of itself is not followed round in a circle.
                bound = binding[name]
                around = {other: binding[other] for other in binding.keys() - {name}}
                return self._text(bound.node, around if bound.binding is None else bound.binding)
            case ast.Call(ast.Name(name)) if name in self._answers:
                texts = [t for answer in self._answers[name] for t in self._text(answer, {})]
                return list(dict.fromkeys(texts))
            case _:
                return [UNKNOWN]

    def _filled_in(self, value: ast.expr, binding: Binding) -> list[str]:
        match value:
            case ast.Name():
                # A clause that was made beforehand is told; a figure or a name is not.
                texts = self._text(value, binding)
                return texts if all(" " in text or not text for text in texts) else [UNKNOWN]
            case ast.Call(ast.Name("command_line"), words):
                # It goes by how the program was called: the pages call it by its name.
                return [" ".join(["pipeline", *(self._text(word, binding)[0] for word in words)])]
            case ast.Call(ast.Name("next_call"), [verb, *_]):
                return [f"`pipeline {self._text(verb, binding)[0]} {UNKNOWN}`"]
            case _:
                return [UNKNOWN]

    def _each(self, nodes: Sequence[ast.expr], binding: Binding) -> list[list[str]]:
        return [self._text(node, binding) for node in nodes]


def name_of(call: ast.Call) -> str:
    """The name by which a function or a class is called."""
    match call.func:
        case ast.Name(name) | ast.Attribute(_, name):
            return name
        case _:
            return ""


def _parameters(function: FunctionNode) -> list[str]:
    arguments = function.args
    names = [argument.arg for argument in (*arguments.args, *arguments.kwonlyargs)]
    return names[1:] if names[:1] in (["self"], ["cls"]) else names


def _arguments(call: ast.Call, parameters: Sequence[str]) -> dict[str, ast.expr]:
    given = dict(zip(parameters, call.args, strict=False))
    return given | {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}


def _constants(tree: ast.Module) -> Iterator[tuple[str, Bound]]:
    for node in tree.body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value:
            yield node.target.id, Bound(node.value)


def _answers(tree: ast.Module) -> Iterator[tuple[str, list[ast.expr]]]:
    """The functions that give a text, and what they return."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and ast.unparse(node.returns or node.args) == "str":
            returned = (n.value for n in ast.walk(node) if isinstance(n, ast.Return))
            yield node.name, [value for value in returned if value is not None]


def _ways_to(node: ast.AST, function: FunctionNode) -> Iterator[dict[str, Bound]]:
    """What the function's names stand for at a node.

    What the node's own blocks assigned before it holds; what other blocks assigned, as the cases of
    a `match` do, holds for each of them apart.
    """
    own: dict[str, Bound] = {}
    others: list[dict[str, Bound]] = []
    for block in _blocks(function):
        around = next((n for n, step in enumerate(block) if node in ast.walk(step)), None)
        assigned = dict(_assigned(block[:around]))
        if around is None:
            others.append(assigned)
        else:
            own |= assigned
    apart = [{name: other[name] for name in other.keys() - own.keys()} for other in others]
    for other in [assigned for assigned in apart if assigned] or [{}]:
        yield {**other, **own}


def _blocks(function: FunctionNode) -> Iterator[list[ast.stmt]]:
    """The lists of statements of a function, outer ones first."""
    for node in ast.walk(function):
        for _, block in ast.iter_fields(node):
            # Lambdas and comprehensions have a body too, which is no list.
            if isinstance(block, list) and block and isinstance(block[0], ast.stmt):
                yield block


def _assigned(block: Sequence[ast.stmt]) -> Iterator[tuple[str, Bound]]:
    for step in block:
        match step:
            case ast.Assign([ast.Name(name)], value):
                yield name, Bound(value)
            case ast.Assign([ast.Tuple(names)], ast.Tuple(values)):
                for target, value in zip(names, values, strict=False):
                    if isinstance(target, ast.Name):
                        yield target.id, Bound(value)
            case _:
                pass
