"""What the tests of the live page are built of."""

from pathlib import Path

from pipeline.config.load import parse
from pipeline.config.model import Config
from tests.ledger.builders import SERVICE, WORKFLOW


def a_config(folder: Path) -> Config:
    """The config of a batch whose ledger is ``batch.ledger`` in this folder."""
    path = folder / "batch.yaml"
    path.write_text(
        f"input: {{path: leads.csv}}\nworkflow: {{id: {WORKFLOW}, base_url: '{SERVICE}'}}\n"
        "variables: {Company: Company}\noutputs: '*'\nlimits: {max_credits: 100}\n",
        encoding="utf-8",
    )
    config = parse(path).config
    assert config is not None
    return config
