"""What all who work on a shared batch must have alike in their configs. Owns the comparison.

Must not know what any key does. The input, the output and the key's variable are each machine's
own affair: rows come from the ledger.
"""

import hashlib
import json
from dataclasses import fields, replace
from typing import Final

from pipeline.config.model import Config
from pipeline.config.values.readers import KEY_VARIABLE
from pipeline.errors import ConfigFault
from pipeline.ledger.store import Ledger

AGREED: Final = "agreed"
"""The fact that holds the caller's config, as far as it is everybody's: a digest for each key."""
ALIKE: Final = ("workflow", "limits", "polling", "retry")


def say_what_is_agreed(config: Config, ledger: Ledger) -> None:
    """Let those who work along compare."""
    ledger.say_facts({AGREED: json.dumps(_digests(config))})


def see_that_it_is_agreed(config: Config, ledger: Ledger) -> None:
    """Raise `ConfigFault` where the config is not as that of `pipeline run`, with the keys."""
    agreed: dict[str, str] = json.loads(ledger.fact(AGREED) or "{}")
    mine = _digests(config)
    differing = [key for key in mine if mine[key] != agreed.get(key)]
    if differing:
        raise ConfigFault(
            place=f"{config.path.name}, {', '.join(differing)}",
            wrong="not as in the config of the `pipeline run` that has this batch",
            remedy="give all machines the same config",
        )


def _digests(config: Config) -> dict[str, str]:
    # Where a machine keeps its key is its own affair: the same word stands for all.
    config = replace(config, workflow=replace(config.workflow, api_key_env=KEY_VARIABLE))
    values = {
        f"{section}.{field.name.removesuffix('_seconds')}": getattr(part, field.name)
        for section in ALIKE
        for part in [getattr(config, section)]
        for field in fields(part)
    }
    return {key: hashlib.sha256(repr(value).encode()).hexdigest() for key, value in values.items()}
