"""What a template may say. Owns the check of templates. Must not know YAML, nor any row.

A template sees one thing, ``row``, and asks it for columns by name, so that the columns that a
variable is made of are known before the first row is read.
"""

from collections.abc import Iterator
from typing import Final

from jinja2 import TemplateSyntaxError, meta, nodes

from pipeline.config.values.units import ValueFault
from pipeline.core.rows.kitchen import TEMPLATES
from pipeline.core.rows.variables import FromTemplate

_USE_A_COLUMN: Final = "write {{ row.Company }} or {{ row['First name'] }}"
_BY_CHANCE: Final = frozenset({"random", "lipsum"})
_OTHER_FILES: Final = (nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends)


def read_template(source: object) -> FromTemplate:
    """A template over ``row``, with the columns that it names. Raises `ValueFault`."""
    if not isinstance(source, str) or not source.strip():
        raise ValueFault("the template is no text", _USE_A_COLUMN)
    try:
        tree = TEMPLATES.parse(source)
        # Unknown filters and tests come to light only in the compiler.
        TEMPLATES.from_string(source)
    except TemplateSyntaxError as error:
        wrong = f"the template is faulty in its line {error.lineno}: {error.message}"
        raise ValueFault(wrong.rstrip("."), _USE_A_COLUMN) from None
    _refuse_other_names(tree)
    _refuse_chance_and_files(tree)
    return FromTemplate(source, tuple(dict.fromkeys(_columns(tree))))


def _refuse_other_names(tree: nodes.Template) -> None:
    unknown = sorted(meta.find_undeclared_variables(tree) - {"row"})
    if unknown:
        raise ValueFault(f"the template names {unknown[0]!r}, but knows only row", _USE_A_COLUMN)


def _refuse_chance_and_files(tree: nodes.Template) -> None:
    """A row is the same row by its variables: a text made by chance would be paid for each time."""
    names = {node.name for node in tree.find_all(nodes.Filter)}
    names |= {node.name for node in tree.find_all(nodes.Name)}
    if by_chance := sorted(names & _BY_CHANCE):
        wrong = f"the template uses {by_chance[0]}, so each run would pay for all rows again"
        raise ValueFault(wrong, "leave it out")
    if any(tree.find_all(_OTHER_FILES)):
        raise ValueFault("the template takes in another file", "write it out in one template")


def _columns(tree: nodes.Template) -> Iterator[str]:
    asked = set()
    for attribute in tree.find_all(nodes.Getattr):
        if _is_row(attribute.node):
            asked.add(id(attribute.node))
            yield attribute.attr
    for item in tree.find_all(nodes.Getitem):
        if _is_row(item.node):
            asked.add(id(item.node))
            yield _quoted_column(item.arg)
    if any(_is_row(name) and id(name) not in asked for name in tree.find_all(nodes.Name)):
        raise ValueFault("the template uses row without a column", _USE_A_COLUMN)


def _is_row(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Name) and node.name == "row"


def _quoted_column(argument: nodes.Node) -> str:
    if not isinstance(argument, nodes.Const) or not isinstance(argument.value, str):
        raise ValueFault("the template picks a column by something else than a text", _USE_A_COLUMN)
    column = argument.value
    folded = " ".join(column.split())
    # Columns are named with folded white space, and a template asks for them letter by letter.
    if folded != column or not folded:
        raise ValueFault(f"row[{column!r}] is no column's name", f"write row[{folded!r}]")
    return column
