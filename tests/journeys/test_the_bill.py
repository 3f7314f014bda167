"""What was paid for is told: before, while it can be stopped, and after, to the last credit."""

import json
from pathlib import Path
from typing import Any

from tests.journeys.running import Simulator, a_batch, a_simulator, pipeline, write_rows
from tests.journeys.test_paying_again import on_a_terminal


def statement(config: Path, *flags: str) -> dict[str, Any]:
    """The statement, as a script reads it."""
    told: dict[str, Any] = json.loads(pipeline("statement", config, "--json", *flags).out)
    return told


def of_simulator(simulator: Simulator) -> dict[str, object]:
    """The sections of a config that lead to it."""
    return {"workflow": {"id": "WCFG-1", "base_url": simulator.base_url}}


def test_the_statement_is_the_services_bill(tmp_path: Path) -> None:
    """Through failures, new attempts, lost replies and rows that left: the same credits."""
    flags = ("--duration", "0s", "--fail", "0.3", "--fault", "lost_reply=0.1")
    with a_simulator(*flags) as simulator:
        config = a_batch(
            tmp_path,
            20,
            **of_simulator(simulator),
            retry={"failed": 1, "settle": "100ms"},
        )
        pipeline("run", config, "--limit", 10)
        rows = [[f"Company {n}", n] for n in range(5, 25)]
        write_rows(tmp_path / "rows.csv", rows, ["Company", "Nr"])
        pipeline("run", config)
        retried = pipeline("retry", config, "--json")
        told = statement(config, "--online")
        at_the_service = simulator.count()
    sums, attempts = told["totals"], told["attempts"]
    assert retried.summary["unconfirmed"] == 0
    assert (
        sums["credits"] == at_the_service["credits"] == sum(one["credits"] or 0 for one in attempts)
    )
    assert sum(bool(one["run"]) for one in attempts) == at_the_service["accepted"]
    assert sums["sheet_credits"] == retried.summary["credits"]
    assert sums["left_credits"] > 0
    assert (sums["credits_unknown"], sums["may_cost_yet"]) == (0, 0)
    assert told["online"]["agreed"] == at_the_service["accepted"]
    assert not any(told["online"][kind] for kind in ("missing", "unrecorded", "differing"))


def test_a_person_sees_a_pilot_and_its_quote_before_the_rest_is_paid_for(tmp_path: Path) -> None:
    """On a terminal, over fifty rows, for the first time: five are paid for, the others not."""
    with a_simulator("--duration", "0s") as simulator:
        config = a_batch(tmp_path, 51, **of_simulator(simulator))
        exit_, seen = on_a_terminal("y\nn", "run", config)
        paid = simulator.count()["accepted"]
        # The same figures, wherever they are asked for.
        check = json.loads(pipeline("check", config, "--json").out)
    assert (exit_, paid) == (0, 5)
    assert "Send 5 of them first, as a pilot?" in seen
    assert "about 92 credits, by the 5 runs so far" in seen
    assert (check["start"], check["credits"], check["past_runs"]) == (46, 92, 5)


def test_a_quote_that_is_declined_costs_nothing(tmp_path: Path) -> None:
    """Exit 2 with nothing started; without a terminal the same command simply goes on."""
    with a_simulator("--duration", "0s") as simulator:
        config = a_batch(tmp_path, 51, **of_simulator(simulator))
        exit_, seen = on_a_terminal("n", "run", config)
        assert (exit_, simulator.count()["starts"]) == (2, 0)
        assert "nothing was started" in seen
        assert pipeline("run", config).exit == 0
        assert simulator.count()["starts"] == 51


def test_a_retry_pays_for_what_it_names(tmp_path: Path) -> None:
    """A row that was refused and is the same waits until its number is named."""
    with a_simulator("--duration", "0s", "--fault", "refused=1") as simulator:
        config = a_batch(tmp_path, 3, **of_simulator(simulator))
        assert pipeline("run", config).exit == 1
        left_out = pipeline("retry", config)
        assert simulator.count()["starts"] == 3
        named = pipeline("retry", config, "--rows", "2,4")
        assert simulator.count()["starts"] == 5
    assert "Left out: 3 rows" in left_out.err
    assert "--class input --rows 2-4" in left_out.err
    assert "Rows that get a new attempt: 2;" in named.err


def test_a_trial_at_the_simulator_is_in_no_bill(tmp_path: Path) -> None:
    """Neither in the cap, nor in a quote, nor in the statement, once the real service is named."""
    dear = {"duration": "0s", "credits": 7}
    limits = {"rate": "500/s", "max_credits": 20}
    config = a_batch(tmp_path, 10, limits=limits, simulator=dear)
    assert pipeline("run", config, "--limit", 2).exit == 0
    with a_simulator("--duration", "0s") as simulator:
        a_batch(tmp_path, 10, limits=limits, **of_simulator(simulator))
        assert json.loads(pipeline("check", config, "--json").out)["past_runs"] == 0
        ended = pipeline("run", config, "--json")
        assert (ended.exit, ended.summary["credits"]) == (0, 20), ended.err
        told = pipeline("statement", config, "--json", "--online")
    sums = json.loads(told.out)["totals"]
    assert told.exit == 0, told.err
    assert (sums["attempts"], sums["credits"], sums["left_credits"]) == (10, 20, 0)
    assert "Left out: 2 attempts at the bundled simulator, which cost nothing." in told.err
