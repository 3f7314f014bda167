"""A service that takes so many starts in any while, and sends the others away."""

import pytest

from pipeline.simulator.service import Service
from pipeline.simulator.settings import Settings
from pipeline.simulator.window import Limit
from tests.simulator.builders import KEY, NOON, WORKFLOW, a_body, status_of


@pytest.mark.parametrize(
    ("seconds", "answers"),
    [
        ([0, 0, 0, 0], [200, 200, 200, 429]),
        # No minute that begins anew: each start counts for ten seconds from its own moment on.
        ([0, 4, 9, 9.9, 10, 13.9, 14], [200, 200, 200, 429, 200, 429, 200]),
        # Those that were sent away keep nobody out.
        ([0, 0, 0, 5, 6, 7, 10], [200, 200, 200, 429, 429, 429, 200]),
        ([0, 3.4, 6.8, 10.2, 13.6], [200] * 5),
    ],
)
def test_no_more_starts_are_taken_than_any_window_allows(
    seconds: list[float], answers: list[int]
) -> None:
    """Three in ten seconds, wherever these begin; what is sent away begins nothing."""
    service = Service(Settings(limit=Limit(3, 10.0)))
    said = [status_of(service.start(KEY, WORKFLOW, a_body(), NOON + second)) for second in seconds]
    assert said == answers
    assert service.count(NOON).body["accepted"] == answers.count(200)


def test_who_comes_too_early_is_told_when_to_come() -> None:
    """In whole seconds, and none too few."""
    service = Service(Settings(limit=Limit(1, 10.0)))
    service.start(KEY, WORKFLOW, a_body(), NOON)
    reply = service.start(KEY, WORKFLOW, a_body(), NOON + 2.5)
    assert reply.headers == {"Retry-After": "8"}
    assert status_of(service.start(KEY, WORKFLOW, a_body(), NOON + 2.5 + 8)) == 200


def test_a_service_without_a_limit_takes_all() -> None:
    """Ten thousand starts in one moment."""
    service = Service(Settings())
    answers = {status_of(service.start(KEY, WORKFLOW, a_body(), NOON)) for _ in range(10_000)}
    assert answers == {200}
