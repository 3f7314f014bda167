"""What a config may not hold, whatever else it says. Owns the credentials and the keys to come.

Must not know the other keys. What is found here is taken out, so that nothing tells of it twice.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from pipeline.config.source import Finding, Location
from pipeline.config.values.readers import KEY_VARIABLE, read_environment_name
from pipeline.config.values.units import ValueFault

_CREDENTIALS: Final = frozenset(
    {
        "apikey",
        "copyaiapikey",
        "key",
        "password",
        "secret",
        "token",
        "xcopyaiapikey",
    }
)
"""Names under which a key is pasted, in small letters and without - and _."""

_ANY_NAME: Final = "*"


@dataclass(frozen=True, slots=True)
class _NotYet:
    """A key that nothing carries out yet: accepted, it would do nothing."""

    location: tuple[str, ...]
    what: str
    remedy: str


NOT_YET: Final[tuple[_NotYet, ...]] = ()
"""The keys that are known and not supported yet; `_ANY_NAME` stands for any."""


def take_out_refused(data: Mapping[str, object]) -> tuple[dict[str, object], list[Finding]]:
    """The config without what is refused, and a fault for each key that was taken out."""
    findings = [*_credentials(data), *_not_yet(data)]
    return _without(data, {finding.location for finding in findings}, ()), findings


def _credentials(data: Mapping[str, object]) -> Iterator[Finding]:
    workflow = data.get("workflow")
    inner = workflow if isinstance(workflow, dict) else {}
    held: dict[tuple[str, ...], object] = {(key,): value for key, value in data.items()}
    held |= {("workflow", key): value for key, value in inner.items()}
    for location, value in held.items():
        # A list can't be a credential: that is `input.key` in the wrong place.
        if (
            not isinstance(value, list | dict)
            and location[-1].casefold().replace("-", "").replace("_", "") in _CREDENTIALS
        ):
            remedy = (
                f"the key belongs into the environment variable {_key_variable(inner)} or into "
                ".env; take it out of this file"
            )
            yield Finding(location, "a key stands in the config", remedy)


def _key_variable(workflow: Mapping[str, object]) -> object:
    """The variable that this config names, unless what stands there may be the key itself."""
    try:
        return read_environment_name(workflow.get("api_key_env", KEY_VARIABLE))
    except ValueFault:
        return KEY_VARIABLE


def _not_yet(data: Mapping[str, object]) -> Iterator[Finding]:
    for entry in NOT_YET:
        for location, _ in _matches(data, entry.location, ()):
            yield Finding(location, f"{entry.what} is not supported yet", entry.remedy)


def _matches(
    value: object, pattern: tuple[str, ...], location: tuple[str, ...]
) -> Iterator[tuple[Location, object]]:
    if not pattern:
        yield location, value
    elif isinstance(value, dict):
        step, *rest = pattern
        for key in value if step == _ANY_NAME else value.keys() & {step}:
            yield from _matches(value[key], tuple(rest), (*location, key))


def _without(
    section: Mapping[str, object], refused: set[Location], location: Location
) -> dict[str, object]:
    return {
        key: _without(value, refused, (*location, key)) if isinstance(value, dict) else value
        for key, value in section.items()
        if (*location, key) not in refused
    }
