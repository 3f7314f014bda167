"""The remote's rules: what each documented call does and answers. Owns all state of the service.

Must not know sockets, tasks, clocks or files: the moment of a call (Unix seconds) is passed in, and
what must outlive the process is handed to `keep` before the call is answered. What was kept comes
back through `past`, by the same way by which it went into the state at first.

Source of the rules: the API guide of copy.ai; where it is silent, the least comfortable reading.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Final, TypeAlias, assert_never

from pipeline.simulator.bodies import (
    Page,
    StartBody,
    WebhookBody,
    read_page,
    read_start,
    read_webhook,
)
from pipeline.simulator.faults import (
    LATE_SECONDS,
    UNSEEN_SECONDS,
    Call,
    Fault,
    answer_instead,
    on_the_way,
)
from pipeline.simulator.posting import Post, Telling
from pipeline.simulator.records import (
    Record,
    RefusedStart,
    Run,
    Webhook,
    WebhookRemoved,
    begin,
    register,
    view,
    view_for_count,
    view_of_webhook,
)
from pipeline.simulator.replies import Answer, Json, Reply, error, not_found, success, too_many
from pipeline.simulator.settings import Settings
from pipeline.simulator.window import Window

Keep: TypeAlias = Callable[[Record], None]

WORKFLOW_PREFIXES: Final = ("WCFG-", "WFCG-")
"""The guide spells the prefix both ways."""

VIEWS_REMEMBERED: Final = 10_000
"""Of runs that have ended: how they are shown never changes, and is asked for again and again."""

NO_RUN: Final = "Workflow run"
NO_WEBHOOK: Final = "Webhook"
"""What an unknown id is said to be none of."""


def keep_nothing(_record: Record) -> None:
    """For a service whose state may end with its process."""


class Service:
    """The simulated service: one method a call, each with the caller's key and the moment."""

    def __init__(
        self, settings: Settings, *, past: Iterable[Record] = (), keep: Keep = keep_nothing
    ) -> None:
        self._settings = settings
        self._keep = keep
        self._runs: dict[str, Run] = {}
        self._runs_of_workflow: dict[str, list[Run]] = {}
        self._late: list[Run] = []
        """Runs whose connection was dead before they were begun."""
        self._refused = 0
        self._webhooks: dict[str, Webhook] = {}
        self._registrations = 0
        self._telling = Telling()
        self._window = settings.limit and Window(settings.limit)
        self._looks_at_run: Counter[str] = Counter()
        self._polls = 0
        self._lists = 0
        self._view_of_ended = lru_cache(VIEWS_REMEMBERED)(self._new_view_of_ended)
        for record in past:
            self._remember(record)

    def start(self, key: str, workflow_id: str, body: bytes, moment: float) -> Answer:
        """POST /workflow/{id}/run: begins a run."""
        fault = self._fault(Call.START, len(self._runs) + self._refused + 1)
        content = (
            self._refusal(key, workflow_id)
            or self._too_early(moment)
            or answer_instead(fault, Call.START)
            or read_start(body)
        )
        if not isinstance(content, StartBody):
            self._commit(RefusedStart(moment))
            return content
        begins_at = moment + LATE_SECONDS if fault is Fault.LATE_START else moment
        run = begin(self._settings, len(self._runs) + 1, workflow_id, content, begins_at)
        if fault is Fault.PUSH_EARLY:
            run = replace(run, ends_at=begins_at)
        self._commit(run)
        if fault is Fault.LATE_START:
            self._late.append(run)
        return on_the_way(fault, success({"id": run.id}))

    def get(self, key: str, workflow_id: str, run_id: str, moment: float) -> Answer:
        """GET /workflow/{id}/run/{run_id}: the run as it stands."""
        self._polls += 1
        if refusal := self._refusal(key, workflow_id):
            return refusal
        run = self._runs.get(run_id)
        if run is None or run.workflow_id != workflow_id or self._is_to_begin(run, moment):
            return not_found(NO_RUN)
        fault = self._fault_of_look(run, moment)
        instead = answer_instead(fault, Call.LOOK)
        return instead or on_the_way(fault, success(self._view(run, moment)))

    def list_runs(
        self, key: str, workflow_id: str, query: Mapping[str, str], moment: float
    ) -> Answer:
        """GET /workflow/{id}/run/: a page of the workflow's runs, by default the newest first."""
        self._lists += 1
        if refusal := self._refusal(key, workflow_id):
            return refusal
        if not self._settings.list_runs:
            return not_found("Page")
        fault = self._fault(Call.LIST, self._lists)
        page = answer_instead(fault, Call.LIST) or read_page(query, first_page=1)
        if not isinstance(page, Page):
            return page
        runs = self._begun(workflow_id, moment)
        if self._settings.is_list_ordered:
            newest = len(runs) - page.size * page.number
            shown = runs[max(0, newest - page.size) : max(0, newest)][::-1]
        else:
            # Ids are as good as drawn by lot, so a new run may come in anywhere.
            first = page.size * page.number
            shown = sorted(runs, key=lambda run: run.id)[first : first + page.size]
        items: list[Json] = [self._view(run, moment) for run in shown]
        return on_the_way(fault, success({"total": len(runs), "data": items}))

    def _view(self, run: Run, moment: float) -> dict[str, Json]:
        if run.has_ended(moment):
            return self._view_of_ended(run.id)
        return view(run, self._settings, moment)

    def _new_view_of_ended(self, run_id: str) -> dict[str, Json]:
        run = self._runs[run_id]
        return view(run, self._settings, run.ends_at)

    def _begun(self, workflow_id: str, moment: float) -> list[Run]:
        """The workflow's runs, without those that begin late and have not begun."""
        runs = self._runs_of_workflow.get(workflow_id, [])
        if not any(self._is_to_begin(run, moment) for run in self._late):
            return runs
        return [run for run in runs if not self._is_to_begin(run, moment)]

    def _is_to_begin(self, run: Run, moment: float) -> bool:
        return run in self._late and moment < run.created_at

    def create_webhook(self, key: str, body: bytes, moment: float) -> Answer:
        """POST /webhook: registers an address for events of one type."""
        content = self._key_refusal(key) or read_webhook(body)
        if not isinstance(content, WebhookBody):
            return content
        webhook = register(self._settings, self._registrations + 1, content, moment)
        self._commit(webhook)
        return success(view_of_webhook(webhook))

    def list_webhooks(self, key: str, query: Mapping[str, str]) -> Answer:
        """GET /webhook: a page of the registrations, the oldest first; pages count from 0."""
        page = self._key_refusal(key) or read_page(query, first_page=0)
        if not isinstance(page, Page):
            return page
        webhooks = list(self._webhooks.values())
        first = page.size * page.number
        items: list[Json] = [view_of_webhook(w) for w in webhooks[first : first + page.size]]
        return success({"total": len(webhooks), "data": items})

    def get_webhook(self, key: str, webhook_id: str) -> Answer:
        """GET /webhook/{id}: one registration."""
        if refusal := self._key_refusal(key):
            return refusal
        webhook = self._webhooks.get(webhook_id)
        return success(view_of_webhook(webhook)) if webhook else not_found(NO_WEBHOOK)

    def delete_webhook(self, key: str, webhook_id: str) -> Answer:
        """DELETE /webhook/{id}: ends a registration; 404 where it is gone already."""
        if refusal := self._key_refusal(key):
            return refusal
        webhook = self._webhooks.get(webhook_id)
        if webhook is None:
            return not_found(NO_WEBHOOK)
        self._commit(WebhookRemoved(webhook_id))
        return success(view_of_webhook(webhook))

    def posts(self, moment: float) -> list[Post]:
        """What is now due to be posted to the registrations; each is given once."""
        return list(self._telling.posts(self._webhooks.values(), self._settings, moment))

    def count(self, moment: float) -> Reply:
        """GET /_count?brief=1: what the service saw. No call of the remote's, so it takes no key.

        Starts are of all time; polls and lists are of this process.
        """
        return Reply(200, self._counts(moment))

    def count_with_runs(self, moment: float) -> Reply:
        """GET /_count: the same, and every accepted run, the oldest first."""
        runs: list[Json] = [view_for_count(run, moment) for run in self._runs.values()]
        return Reply(200, self._counts(moment) | {"runs": runs})

    def _counts(self, moment: float) -> dict[str, Json]:
        return {
            "starts": len(self._runs) + self._refused,
            "accepted": len(self._runs),
            "refused": self._refused,
            "polls": self._polls,
            "lists": self._lists,
            "credits": sum(run.credits for run in self._runs.values() if run.has_ended(moment)),
        }

    def _key_refusal(self, key: str) -> Reply | None:
        is_known = key in self._settings.keys if self._settings.keys else bool(key.strip())
        return None if is_known else error(401, "UNAUTHORIZED", "Invalid or missing API key")

    def _refusal(self, key: str, workflow_id: str) -> Reply | None:
        if refusal := self._key_refusal(key):
            return refusal
        return None if workflow_id.startswith(WORKFLOW_PREFIXES) else not_found("Workflow")

    def _too_early(self, moment: float) -> Reply | None:
        wait_seconds = self._window.take(moment) if self._window else 0.0
        return too_many(math.ceil(wait_seconds)) if wait_seconds else None

    def _fault_of_look(self, run: Run, moment: float) -> Fault | None:
        self._looks_at_run[run.id] += 1
        is_early = moment < run.created_at + UNSEEN_SECONDS
        early = self._fault(Call.EARLY_LOOK, run.number) if is_early else None
        return early or self._fault(Call.LOOK, run.number, self._looks_at_run[run.id])

    def _fault(self, call: Call, *which: int) -> Fault | None:
        if call not in self._settings.faults.befallen:
            return None
        chance = self._settings.chance(call.name, *which)
        return self._settings.faults.decide(call, chance)

    def _commit(self, record: Record) -> None:
        # Kept first: what the service could not keep, it has not done, and the caller is not told
        # that it was.
        self._keep(record)
        self._remember(record)

    def _remember(self, record: Record) -> None:
        match record:
            case Run():
                self._runs[record.id] = record
                self._runs_of_workflow.setdefault(record.workflow_id, []).append(record)
                self._telling.add(record, self._fault(Call.PUSH, record.number))
            case RefusedStart():
                self._refused += 1
            case Webhook():
                self._webhooks[record.id] = record
                self._registrations += 1
            case WebhookRemoved():
                self._webhooks.pop(record.id, None)
            case _:
                assert_never(record)
