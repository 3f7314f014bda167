"""One mutant: a function of the program with one small change."""

import ast
from dataclasses import dataclass
from difflib import unified_diff
from functools import cached_property
from itertools import takewhile
from pathlib import Path
from typing import Final

import libcst
from mutmut.mutation.diff_apply import read_functions_from_index
from mutmut.utils.format_utils import orig_function_and_class_names_from_key


class CaseFolded(ast.NodeTransformer):
    """Names of encodings and of numbers mean the same in any case."""

    def visit_Constant(self, node: ast.Constant) -> ast.Constant:
        """A text in small letters."""
        return ast.Constant(node.value.casefold()) if isinstance(node.value, str) else node


class WithoutTheUnseen(ast.NodeTransformer):
    """Takes out of a function what no test should see: `docs/mutants.md` says what, and why."""

    def visit_Constant(self, node: ast.Constant) -> ast.Constant:
        """Words for a person: each text that has a space in it."""
        return ast.Constant("") if isinstance(node.value, str) and " " in node.value else node

    def visit_Match(self, node: ast.Match) -> ast.AST:
        """A case that is never reached, or does nothing."""
        node.cases = [
            case
            for case in node.cases
            if ast.unparse(case.body).partition("(")[0] not in {"assert_never", "pass"}
        ]
        return self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """Arguments that only say what holds, or name a task; names in any case."""
        called = ast.unparse(node.func).rpartition(".")[2]
        if called == "float":
            node.args = [CaseFolded().visit(argument) for argument in node.args]
        for argument in node.keywords:
            if argument.arg == "encoding":
                argument.value = CaseFolded().visit(argument.value)
        unseen = UNSEEN_ARGUMENTS.get(called)
        node.keywords = [argument for argument in node.keywords if argument.arg != unseen]
        return self.generic_visit(node)


UNSEEN_ARGUMENTS: Final = {"zip": "strict", "create_task": "name"}


@dataclass(frozen=True, order=True)
class Mutant:
    """Where it is, and mutmut's name for it."""

    path: Path
    name: str

    @cached_property
    def sources(self) -> tuple[str, str]:
        """The function as it is, and as this mutant has it."""
        functions = read_functions_from_index(self.name, self.path)
        assert functions is not None
        as_it_is, changed = (
            libcst.Module([function.with_changes(leading_lines=[])]).code for function in functions
        )
        return as_it_is, changed

    @property
    def is_unseen(self) -> bool:
        """Whether no test should notice it."""
        as_it_is, changed = (
            ast.dump(WithoutTheUnseen().visit(ast.parse(source))) for source in self.sources
        )
        return as_it_is == changed

    @property
    def change(self) -> str:
        """The lines that it takes out and puts in."""
        as_it_is, changed = (source.splitlines() for source in self.sources)
        return "\n".join(list(unified_diff(as_it_is, changed, lineterm="", n=0))[3:])

    @property
    def line(self) -> int:
        """Its line in the file."""
        as_it_is, changed = (source.splitlines() for source in self.sources)
        same = takewhile(lambda pair: pair[0] == pair[1], zip(as_it_is, changed, strict=False))
        return self.first_line + sum(1 for _ in same)

    @property
    def first_line(self) -> int:
        """The function's first line in the file."""
        function, of_class = orig_function_and_class_names_from_key(self.name)
        scope: ast.AST = ast.parse(self.path.read_text())
        for wanted in filter(None, [of_class, function]):
            scope = next(
                node
                for node in ast.iter_child_nodes(scope)
                if getattr(node, "name", None) == wanted
            )
        decorators = getattr(scope, "decorator_list", [])
        return decorators[0].lineno if decorators else scope.lineno
