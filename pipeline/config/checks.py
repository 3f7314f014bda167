"""What no section can see alone. Owns the rules between the keys. Must not know YAML or wording.

Each rule is told only of sections that are good by themselves, so that one mistake is told once.
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pipeline.config.filekinds import KINDS, VALUES_ALONE, is_text, output_suffix
from pipeline.config.model import Csv, Input, Output, Webhook, Workflow
from pipeline.config.source import Finding, Location
from pipeline.config.values.readers import SIMULATED_IDS, is_loopback


@dataclass(frozen=True, slots=True)
class Parts:
    """The sections that are good by themselves; ``None`` is one that is faulty or not there."""

    input: Input | None
    read: Input | None
    """The input that is read, by the config or by the command line; ``None``: none is."""
    output: Output | None
    workflow: Workflow | None
    outputs: Mapping[str, str] | Literal["*"] | None
    ledger: Path | None
    webhook: Webhook | None
    has_simulator: bool


def between_sections(parts: Parts) -> Iterator[Finding]:
    """The faults that only two keys together make."""
    yield from _two_columns_of_one_name(parts)
    yield from _output_over_the_input(parts)
    yield from _ledger_over_a_sheet(parts)
    yield from _csv_of_a_workbook(parts)
    yield from _sheet_of_a_text_file(parts)
    yield from _hidden_untold(parts)
    yield from _webhook_out_of_reach(parts)
    yield from _workflow_unknown_to_the_simulator(parts)
    if parts.has_simulator and parts.workflow and not parts.workflow.is_simulated:
        yield Finding(
            ("simulator",),
            "the section goes with the bundled simulator only",
            "write base_url: simulator under workflow, or leave the section out",
        )


def _two_columns_of_one_name(parts: Parts) -> Iterator[Finding]:
    if parts.output is None or parts.outputs is None:
        return
    seen: set[str] = set()
    for name, location in _new_columns(parts.output, parts.outputs):
        if name in seen:
            wrong = f"two new columns are called {name!r}"
            yield Finding(location, wrong, "give one of them another name")
        seen.add(name)


def _new_columns(
    output: Output, outputs: Mapping[str, str] | Literal["*"]
) -> Iterator[tuple[str, Location]]:
    for key, name in output.columns.headers.items():
        yield name, ("output", "columns", key)
    if outputs != "*":
        for name in outputs:
            yield name, ("outputs", name)


def _output_over_the_input(parts: Parts) -> Iterator[Finding]:
    if parts.input is None or parts.output is None or parts.output.path == Path():
        return
    source, target = parts.input.path, parts.output.path
    location = ("output", "path")
    if _are_one_file(source, target):
        yield Finding(location, "the output would replace the input", "write another path")
    elif (
        source.suffix.lower() in KINDS  # Another one is told by whoever reads it.
        and target.suffix.lower() != output_suffix(source).lower()
    ):
        wrong = f"the output ends in {target.suffix or 'nothing'}"
        yield Finding(location, wrong, f"let it end in {output_suffix(source)}, like the input")


def _ledger_over_a_sheet(parts: Parts) -> Iterator[Finding]:
    for part, owner in ((parts.input, "input"), (parts.output, "output")):
        if part and parts.ledger and _are_one_file(part.path, parts.ledger):
            wrong = f"the ledger would stand in the place of the {owner}"
            yield Finding(("ledger",), wrong, "write another path, or leave it out")


def _csv_of_a_workbook(parts: Parts) -> Iterator[Finding]:
    if parts.input and parts.input.csv != Csv() and not is_text(parts.input.path):
        wrong = "the section goes with .csv and .tsv files only"
        yield Finding(("input", "csv"), wrong, "leave it out")


def _sheet_of_a_text_file(parts: Parts) -> Iterator[Finding]:
    if parts.read and parts.read.sheet is not None and is_text(parts.read.path):
        yield Finding(("input", "sheet"), "a text file has no sheets", "leave it out")


def _hidden_untold(parts: Parts) -> Iterator[Finding]:
    """That hidden rows are to be skipped in a file that does not tell them: all would be sent."""
    if parts.read is None or parts.read.hidden != "skip":
        return
    kind = parts.read.path.suffix.lower()
    remedy = "save the sheet as .xlsx, or leave it out"
    if is_text(parts.read.path):
        yield Finding(("input", "hidden"), "a text file has no hidden rows", remedy)
    elif kind in VALUES_ALONE:
        wrong = f"hidden rows can't be told in a file of the kind {kind}"
        yield Finding(("input", "hidden"), wrong, remedy)


def _webhook_out_of_reach(parts: Parts) -> Iterator[Finding]:
    if parts.webhook is None or parts.workflow is None or parts.workflow.is_simulated:
        return
    if is_loopback(parts.webhook.public_url) and not is_loopback(parts.workflow.base_url):
        wrong = "the service can't reach this machine's loopback"
        remedy = "write the address of a tunnel to it, https://…, or leave webhook out"
        yield Finding(("webhook", "public_url"), wrong, remedy)


def _workflow_unknown_to_the_simulator(parts: Parts) -> Iterator[Finding]:
    workflow = parts.workflow
    if workflow and workflow.is_simulated and not workflow.id.startswith(SIMULATED_IDS):
        first, *_ = SIMULATED_IDS
        wrong = f"the simulator knows only ids that begin with {first}"
        remedy = f"write such as {first}simulator, or leave out base_url: simulator"
        yield Finding(("workflow", "id"), wrong, remedy)


def _are_one_file(one: Path, other: Path) -> bool:
    """Whether two paths lead to one file, through links too; neither needs to be there."""
    # Not `resolve`, which raises where links lead in a circle.
    if os.path.realpath(one) == os.path.realpath(other):
        return True
    try:
        return one.samefile(other)
    except OSError:
        return False
