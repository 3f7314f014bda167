"""The service's own spelling, read into our closed sets: which reply means what.

Owns the meaning of status codes and fields. Must not know sockets, tasks or clocks: a reply is
bytes, and the moment is passed in. It is tolerant in what it reads and strict in what it concludes:
a start is "surely not begun" only where the service said so in a way that can't be mistaken.
"""

from collections.abc import Iterator, Mapping
from typing import Final, TypeAlias

from msgspec import Struct

from pipeline.core.model import KNOWN_WORDS, Json, Observation, RunId, RunStatus
from pipeline.core.replies import (
    Accepted,
    Doubtful,
    Halted,
    HaltReason,
    ListReply,
    LookReply,
    Missing,
    Refused,
    RunPage,
    StartReply,
    TryLater,
    Unreachable,
    Unreadable,
)
from pipeline.remote.body import (
    amount_or_none,
    message_in,
    moment_or_none,
    object_or_none,
    one_line,
    parsed,
    retry_after_seconds,
    text_or_none,
)
from pipeline.remote.secret import NO_SECRET, Secret

CREDIT_LIMIT: Final = "WORKFLOW_CREDIT_LIMIT_REACHED"

_STOPS_A_START: Final[Mapping[int, HaltReason]] = {
    401: HaltReason.KEY_REFUSED,
    403: HaltReason.KEY_REFUSED,
    404: HaltReason.WORKFLOW_NOT_FOUND,
}
_KEY_REFUSED: Final = frozenset({401, 403})
_PAYMENT_REQUIRED: Final = 402
_SAYS_NO_TO_A_ROW: Final = frozenset({400, 422})
_TOO_MANY: Final = 429
_UNAVAILABLE: Final = 503
_NOT_FOUND: Final = 404
_NO_SUCH_CALL: Final = 405

_ID_FIELDS: Final = ("id", "workflowRunId", "runId")
_LONGEST_WORD: Final = 60

ENDS: Final = {"COMPLETE": RunStatus.COMPLETE, "FAILED": RunStatus.FAILED}
"""The status words that end a run, and how. Any other says that it is still running."""

_Fields: TypeAlias = dict[str, Json]


class HttpReply(Struct, frozen=True):
    """A reply as it came, its status line at least."""

    status: int
    body: bytes
    retry_after: str | None = None
    """The header of that name, as sent."""
    now: float = 0.0
    """When it was read, in Unix seconds."""
    fault: str | None = None
    """Why the body is not whole, in short words; ``None`` where it is."""
    secret: Secret = NO_SECRET
    """What must not be repeated, should the service repeat it."""

    @property
    def is_success(self) -> bool:
        """Whether the status is one of 200 to 299."""
        return 200 <= self.status < 300  # noqa: PLR2004 - the bounds are the definition of "2xx"

    @property
    def is_client_error(self) -> bool:
        """Whether the status is one of 400 to 499."""
        return 400 <= self.status < 500  # noqa: PLR2004 - the bounds are the definition of "4xx"

    @property
    def after_seconds(self) -> float | None:
        """The wait that the service asked for; only 429 and 503 can ask."""
        if self.status in (_TOO_MANY, _UNAVAILABLE):
            return retry_after_seconds(self.retry_after, self.now)
        return None


def start_reply(http: HttpReply) -> StartReply:
    """What the reply to a start means: whether a run exists, surely does not, or may."""
    body = parsed(http.body)
    if http.is_success:
        run_id = _started_run_id(body)
        return Accepted(run_id) if run_id else Doubtful(_why(http, "without a run's id"))
    fields = body if isinstance(body, dict) else None
    if _lacks_credits(http, body):
        return Halted(HaltReason.CREDITS_AT_LIMIT, told(http, body))
    if reason := _STOPS_A_START.get(http.status):
        return Halted(reason, told(http, body))
    if http.status == _TOO_MANY:
        return TryLater(http.after_seconds)
    # A body that is no object was not written by the service: what stood between may have passed
    # the start on before it said no.
    if http.status in _SAYS_NO_TO_A_ROW and fields is not None:
        return Refused(told(http, body))
    return Doubtful(_why(http), http.after_seconds)


def look_reply(http: HttpReply, run_id: RunId) -> LookReply:
    """What the reply to a look at `run_id` tells of it; another run's is never taken for it."""
    if http.status == _NOT_FOUND:
        return Missing()
    if not http.is_success:
        return _nothing_seen(http)
    run = _run_in(parsed(http.body))
    if run is None:
        return Unreadable(_why(http, "without a run"))
    named = frozenset(_ids_in(run))
    if named and run_id not in named:
        return Unreadable(_why(http, "with another run than the one asked for"))
    return _observation(run, run_id, http.secret)


def list_reply(http: HttpReply) -> ListReply:
    """One page of the list of runs. Items that name no run are left out, but count in `total`."""
    if http.status in (_NOT_FOUND, _NO_SUCH_CALL):
        return Missing()
    if not http.is_success:
        return _nothing_seen(http)
    page = page_in(parsed(http.body))
    if page is None:
        return Unreadable(_why(http, "without a list of runs"))
    items, total = page
    runs = (
        _observation(item, RunId(run_id), http.secret)
        for item in items
        if isinstance(item, dict) and (run_id := next(_ids_in(item), None))
    )
    return RunPage(total, tuple(runs))


def page_in(body: Json) -> tuple[list[Json], int | None] | None:
    """A page's items and the total that it names, enveloped or not; ``None``: it is no page."""
    total: float | None = None
    for _ in range(2):
        if isinstance(body, dict):
            if (named := amount_or_none(body.get("total"))) is not None:
                total = named
            body = body.get("data")
    if not isinstance(body, list):
        return None
    return body, None if total is None else int(total)


def told(http: HttpReply, body: Json) -> str:
    """The service's own words on its refusal, or else the status it gave; never empty."""
    return message_in(body, http.secret) or _why(http)


def _why(http: HttpReply, what: str | None = None) -> str:
    """Why a reply does not help, in our own words: the service's may be anything."""
    lacking = http.fault or what
    answered = f"the service answered {http.status}"
    return f"{answered} ({lacking})" if http.fault else f"{answered} {lacking or ''}".rstrip()


def _nothing_seen(http: HttpReply) -> TryLater | Unreachable | Halted:
    """A refusal of a look or of the list. Credits at their limit stop starts, not looks.

    What was started goes on, so that it is looked at again until the looks too are given up.
    """
    body = parsed(http.body)
    if http.status in _KEY_REFUSED:
        return Halted(HaltReason.KEY_REFUSED, told(http, body))
    if _lacks_credits(http, body):
        return Unreachable(told(http, body), http.after_seconds, lacks_credits=True)
    if http.status == _TOO_MANY:
        return TryLater(http.after_seconds)
    return Unreachable(_why(http), http.after_seconds)


def _lacks_credits(http: HttpReply, body: Json) -> bool:
    """Whether it is said that credits are at their limit: by the status, or by the code beside."""
    code = body.get("errorCode") if isinstance(body, dict) else None
    return http.status == _PAYMENT_REQUIRED or (http.is_client_error and code == CREDIT_LIMIT)


def _started_run_id(body: Json) -> RunId | None:
    for fields in _with_envelope(body):
        if run_id := next(_ids_in(fields), None):
            return RunId(run_id)
    return None


def _run_in(body: Json) -> _Fields | None:
    """The fields of a run, in its envelope or bare. A bare one needs an id.

    The envelope has a `status` of its own, so only an id tells a bare run from an empty envelope.
    """
    for fields in _with_envelope(body):
        if any(_ids_in(fields)) or (fields is not body and "status" in fields):
            return fields
    return None


def _with_envelope(body: Json) -> tuple[_Fields, ...]:
    """The objects that may hold a run, the likelier first."""
    if not isinstance(body, dict):
        return ()
    data = body.get("data")
    return (data, body) if isinstance(data, dict) else (body,)


def _ids_in(fields: _Fields) -> Iterator[str]:
    for name in _ID_FIELDS:
        if text := text_or_none(fields.get(name)):
            yield text


def _observation(run: _Fields, run_id: RunId, secret: Secret) -> Observation:
    word = _word(run.get("status"), secret)
    status = ENDS.get(word, RunStatus.RUNNING)
    return Observation(
        run_id=run_id,
        status=status,
        word=word,
        outputs=object_or_none(run.get("output")),
        credits=amount_or_none(run.get("credits")),
        message=message_in(run, secret) if status is RunStatus.FAILED else None,
        metadata=object_or_none(run.get("metadata")),
        input=object_or_none(run.get("input")),
        created_at=moment_or_none(run.get("createdAt")),
    )


def _word(spelled: Json, secret: Secret) -> str:
    if not isinstance(spelled, str):
        return ""
    return spelled if spelled in KNOWN_WORDS else one_line(spelled, secret, _LONGEST_WORD).upper()
