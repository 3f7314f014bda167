"""The service's key. Owns where it is looked for. It is handed on, and never told, logged or kept.

Must not know the service: whether a key is good, only the service can say.
"""

import logging
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from dotenv import dotenv_values

from pipeline.config.model import Config
from pipeline.errors import ConfigFault

_SIMULATED_KEY: Final = "simulator"
"""What the simulator is sent: it takes any key."""


def find_key(config: Config, environ: Mapping[str, str]) -> str:
    """The key: from the environment, a `.env` beside the config, or one in the working directory.

    The first that is not blank wins. The simulator needs none and gets a fixed word. Raises
    `ConfigFault` where there is no key, or where what stands there can't be one.
    """
    if config.workflow.is_simulated:
        return _SIMULATED_KEY
    name = config.workflow.api_key_env
    place = f"{config.path.name}, workflow.api_key_env"
    for held_in, value in _candidates(config, environ):
        key = (value or "").strip()
        if not key:
            continue
        # Only these can stand in a header; anything else was pasted along by mistake.
        if not re.fullmatch(r"[!-~]+", key):
            wrong = f"{name} {held_in} holds white space or characters that no key has"
            raise ConfigFault(place=place, wrong=wrong, remedy="copy the key again, alone")
        return key
    raise ConfigFault(
        place=place,
        wrong=f"the environment variable {name} holds no key",
        remedy=(
            f"say `export {name}=…`, or write a line `{name}=…` into {config.path.parent / '.env'}"
        ),
    )


def _candidates(config: Config, environ: Mapping[str, str]) -> Iterator[tuple[str, str | None]]:
    name = config.workflow.api_key_env
    yield "in the environment", environ.get(name)
    for path in dict.fromkeys([config.path.parent / ".env", Path.cwd() / ".env"]):
        yield f"in {path}", _from_file(path, name)


def _from_file(path: Path, name: str) -> str | None:
    remedy = "mend the file, or set the environment variable instead"
    # Of a line that is none it would warn on stderr, in words of its own.
    logging.getLogger("dotenv").setLevel(logging.ERROR)
    try:
        return dotenv_values(path, interpolate=False, encoding="utf-8").get(name)
    except OSError as error:
        wrong = f"the file can't be read ({error.strerror})"
        raise ConfigFault(place=str(path), wrong=wrong, remedy=remedy) from None
    except UnicodeDecodeError:
        wrong = "the file is not UTF-8"
        raise ConfigFault(place=str(path), wrong=wrong, remedy=remedy) from None
