"""`pipeline simulate`: serves the simulator of the remote API on loopback, until it is stopped."""

import argparse
import math
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

from pipeline.commands.terminal import say, tell
from pipeline.config.values.units import ValueFault, read_duration_seconds, read_rate
from pipeline.engine import loop
from pipeline.errors import Exit
from pipeline.simulator.faults import Fault, Faults
from pipeline.simulator.journal import open_service
from pipeline.simulator.server import serve
from pipeline.simulator.settings import Settings
from pipeline.simulator.window import Limit

T = TypeVar("T")

HELP: Final = "serve the simulator of the remote API on loopback"
EXAMPLE: Final = "pipeline simulate --port 8700 --duration 500ms"
DEFAULTS: Final = Settings()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Where to listen, what to keep, and how the service behaves."""
    parser.add_argument(
        "--port",
        type=int,
        default=0,
        metavar="N",
        help="listen here (default: on any port that is free; it is printed)",
    )
    parser.add_argument(
        "--state", type=Path, metavar="FILE", help="keep the runs in this file, and find them again"
    )
    _add_settings(parser)


def _add_settings(parser: argparse.ArgumentParser) -> None:
    """Which world it is."""
    parser.add_argument(
        "--seed",
        type=int,
        default=DEFAULTS.seed,
        metavar="N",
        help="by which all chances are drawn (default: %(default)s)",
    )
    parser.add_argument(
        "--duration",
        type=_duration,
        default=DEFAULTS.duration_seconds,
        metavar="TIME",
        help="how long a run takes on average, such as 500ms or 1min (default: %(default)gs)",
    )
    parser.add_argument(
        "--credits",
        type=_amount,
        default=DEFAULTS.credits,
        metavar="N",
        help="what a run costs (default: %(default)g)",
    )
    parser.add_argument(
        "--fail",
        type=_share,
        default=DEFAULTS.fail,
        metavar="SHARE",
        help="share of the runs that fail, 0 to 1 (default: %(default)g)",
    )
    parser.add_argument(
        "--fault",
        type=_fault,
        action="append",
        default=[],
        metavar="NAME=SHARE",
        help=f"what goes wrong, and with which share of the calls: {', '.join(Fault)}",
    )
    parser.add_argument(
        "--limit",
        type=_limit,
        metavar="N/UNIT",
        help="take so many starts in any second, minute or hour (N/s, N/min, N/h), and answer 429 "
        "to more (default: any number)",
    )


def _limit(text: str) -> Limit:
    rate = _read(read_rate, text)
    return Limit(rate.count, rate.seconds)


def _fault(text: str) -> tuple[str, float]:
    name, _, share = text.partition("=")
    if name not in list(Fault):
        raise argparse.ArgumentTypeError(f"there is no fault {name!r}: name one of the list below")
    if not share:
        raise argparse.ArgumentTypeError(f"{name!r} has no share: write {name}=0.1 for one in ten")
    return name, _share(share)


def _duration(text: str) -> float:
    return _read(read_duration_seconds, text)


def _read(reader: Callable[[str], T], text: str) -> T:
    """A value as a config spells it, with the fault in argparse's way."""
    try:
        return reader(text)
    except ValueFault as fault:
        raise argparse.ArgumentTypeError(f"{fault.wrong}: {fault.remedy}") from None


def _amount(text: str) -> float:
    return _number_up_to(math.inf, text, "write 0 or more")


def _share(text: str) -> float:
    return _number_up_to(1, text, "write a number from 0 to 1")


def _number_up_to(most: float, text: str, remedy: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not (0 <= number <= most and math.isfinite(number)):
        raise argparse.ArgumentTypeError(f"{text!r} is out of range: {remedy}")
    return number


def run(arguments: argparse.Namespace) -> Exit:
    """Serve until Ctrl-C; the address is the one line on stdout."""
    settings = Settings(
        seed=arguments.seed,
        duration_seconds=arguments.duration,
        credits=arguments.credits,
        fail=arguments.fail,
        faults=Faults(**dict(arguments.fault)),
        limit=arguments.limit,
    )
    with open_service(settings, arguments.state) as service:
        loop.run(serve(service, arguments.port, _announce))
    return Exit.OK


def _announce(base_url: str) -> None:
    tell(base_url)
    say("Serving until Ctrl-C. Any key is good; /_count tells every start it saw.")
