"""The config as a report shows it. Owns what of it may be shown, and how it is spelled.

A report is handed on, so each key stands here by name, and what is not named is not shown. Where a
person may have written anything, what looks like a credential is hidden.
"""

import json
import re
from collections.abc import Iterator
from typing import Final, assert_never

from pipeline.config.model import Config
from pipeline.core.amounts import amount_in_digits
from pipeline.core.model import Json
from pipeline.core.money.budget import FailureLimit
from pipeline.core.rows.variables import Fixed, FromColumn, FromTemplate, Variable
from pipeline.core.timing.pacing import Rate

HIDDEN: Final = "(not shown)"

_SECRET_NAME: Final = re.compile(
    r"key|secret|token|passw|pwd|auth|credential|bearer|cookie|session|signature", re.IGNORECASE
)
_SECRET_TEXT: Final = re.compile(
    r"(?=[\w./+=-]*\d)(?=[\w./+=-]*[A-Za-z])[\w./+=-]{16,}"  # one long word of letters and digits
    r"|\b(?:sk|pk|ghp|xox[a-z])[-_]\w+|Bearer\s|://[^/\s]*@",
)

_UNITS: Final = {3600.0: "h", 60.0: "min", 1.0: "s"}
"""The units of the config, by their seconds, the largest first."""


def settings(config: Config) -> Iterator[tuple[str, str]]:
    """Each key that may be shown, by its whole name, and its value in words."""
    yield "name", config.name
    yield from _of_sheets(config)
    yield from _of_workflow(config)
    for name, variable in config.variables.items():
        yield f"variables.{name}", _variable(name, variable)
    if config.outputs == "*":
        yield "outputs", "all that the runs give"
    else:
        for header, path in config.outputs.items():
            yield f"outputs.{header}", path
    yield from _of_behaviour(config)


def _of_sheets(config: Config) -> Iterator[tuple[str, str]]:
    # A folder's name may tell who the person is, and helps nobody who gets the report.
    yield "input.path", config.input.path.name
    if config.input.sheet is not None:
        yield "input.sheet", config.input.sheet
    if config.input.key:
        yield "input.key", ", ".join(config.input.key)
    for column, text in config.input.where.items():
        yield f"input.where.{column}", _hidden_if_secret(column, text)
    yield "output.path", config.output.path.name
    yield "ledger", config.ledger.name


def _of_workflow(config: Config) -> Iterator[tuple[str, str]]:
    yield "workflow.id", config.workflow.id
    yield "workflow.base_url", config.workflow.base_url
    for name, value in config.workflow.metadata.items():
        yield f"workflow.metadata.{name}", _value(name, value)


def _of_behaviour(config: Config) -> Iterator[tuple[str, str]]:
    limits = config.limits
    yield "limits.rate", _rate(limits.rate)
    yield "limits.burst", str(limits.burst)
    yield "limits.max_in_flight", str(limits.max_in_flight)
    if limits.max_credits is not None:
        yield "limits.max_credits", amount_in_digits(limits.max_credits)
    if limits.credits_per_run is not None:
        yield "limits.credits_per_run", amount_in_digits(limits.credits_per_run)
    if limits.max_failures is not None:
        yield "limits.max_failures", _failures(limits.max_failures)
    yield "polling.give_up", _wait(config.polling.give_up_seconds)
    yield "retry.failed", str(config.retry.failed)
    yield "retry.unconfirmed", config.retry.unconfirmed
    yield "retry.settle", _wait(config.retry.settle_seconds)


def _variable(name: str, variable: Variable) -> str:
    match variable:
        case Fixed(value):
            return f"value {_value(name, value)}"
        case FromColumn(column, None):
            return f"column {column}"
        case FromColumn(column, default):
            return f"column {column}, default {_value(name, default)}"
        case FromTemplate(source):
            return f"template {_hidden_if_secret(name, source)}"
        case _:
            assert_never(variable)


def _value(name: str, value: Json) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return _hidden_if_secret(" ".join([name, *_names_in(value)]), text)


def _names_in(value: Json) -> Iterator[str]:
    match value:
        case dict():
            yield from value
            for inner in value.values():
                yield from _names_in(inner)
        case list():
            for inner in value:
                yield from _names_in(inner)
        case _:
            return


def _hidden_if_secret(names: str, text: str) -> str:
    is_secret = _SECRET_NAME.search(names) or _SECRET_TEXT.search(text)
    return HIDDEN if is_secret else text


def _failures(limit: FailureLimit) -> str:
    return f"{limit.percent:g}%" if limit.count is None else str(limit.count)


def _rate(rate: Rate) -> str:
    return f"{rate.count:g}/{_UNITS[rate.seconds]}"


def _wait(seconds: float) -> str:
    unit = next(unit for unit in _UNITS if seconds % unit == 0 or unit == 1)
    return f"{seconds / unit:g}{_UNITS[unit]}"
