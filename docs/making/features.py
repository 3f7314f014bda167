"""What becomes of each feature of a workbook, as the tests try it. Owns the table's form."""

from tests.sheets.features import KEPT, REFUSED, SAID


def features() -> str:
    """The table of `docs/fidelity.md`."""
    kept = [f"| {feature.name} | kept |" for feature in KEPT]
    said = [f"| {feature.name} | said: {feature.told} |" for feature in SAID]
    refused = [f"| {feature.name} | refused: {feature.told} |" for feature in REFUSED]
    return "\n".join(
        ["| a workbook with | what becomes of it |", "|---|---|", *kept, *said, *refused]
    )
