"""What programs hear: receipts and problems as JSON."""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, Final, ParamSpec, TypeVar

import msgspec
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse

from amends.engine.contracts import BadInput
from amends.web.intake.accepting import Accepted, SourceIsPaused
from amends.web.intake.models import Arrival
from amends.web.intake.receiving import Answer, InboxIsFull, Receipt

P = ParamSpec("P")
R = TypeVar("R")

WORDS: Final = tuple(answer.name.lower() for answer in Answer)


class Refusal(Exception):  # noqa: N818 - it reads so where it is raised
    """A request that is refused as a whole: nothing of it was taken in."""

    def __init__(
        self,
        status: int,
        what: str,
        *,
        where: str = "",
        remedy: str,
        retry_after: int | None = None,
    ) -> None:
        self.status, self.what, self.where, self.remedy = status, what, where, remedy
        self.retry_after = retry_after
        super().__init__(what)


def problem(refusal: Refusal) -> HttpResponse:
    """Answer with what happened, where, and what to do."""
    body = {"what": refusal.what, "where": refusal.where, "remedy": refusal.remedy}
    response = _json({"status": refusal.status, **body}, refusal.status)
    response["Content-Type"] = "application/problem+json"
    if refusal.retry_after is not None:
        response["Retry-After"] = str(refusal.retry_after)
    if refusal.status == 401:
        response["WWW-Authenticate"] = 'Bearer realm="amends"'
    return response


def refusals_answered(view: Callable[P, R]) -> Callable[P, R | HttpResponse]:
    """Turn what a view refuses, or cannot do just now, into a problem."""

    @wraps(view)
    def answering(*args: P.args, **kwargs: P.kwargs) -> R | HttpResponse:
        try:
            return view(*args, **kwargs)
        except Refusal as refusal:
            return problem(refusal)
        except SourceIsPaused as error:
            return problem(Refusal(403, error.what, where=error.where, remedy=error.remedy))
        except BadInput as error:
            return problem(Refusal(422, error.what, where=error.where, remedy=error.remedy))
        except InboxIsFull as full:
            return problem(
                Refusal(
                    429,
                    f"{full.waiting:,} signals wait to be worked off; nothing was taken in.",
                    remedy=f"Send the same again in {full.retry_after_seconds} s.",
                    retry_after=full.retry_after_seconds,
                )
            )
        except OperationalError:
            return problem(
                Refusal(
                    503,
                    "The database does not answer; nothing was taken in.",
                    remedy="Send the same again in a minute.",
                    retry_after=60,
                )
            )

    return answering


def receipt_of(accepted: Accepted, **more: object) -> HttpResponse:
    """Answer with the counts and each row's answer; 207 where some could not be read."""
    answers: list[Mapping[str, object]] = [
        {"row": row, "answer": WORDS[answer]}
        for row, answer in enumerate(accepted.answers.tolist(), start=1)
    ]
    for row in accepted.quarantined:
        answers[row.row - 1] = {
            "row": row.row,
            "answer": WORDS[Answer.QUARANTINED],
            "field": row.field,
            "reason": row.reason,
        }
    counted = _counts(accepted.receipt.arrival, accepted.receipt)
    return _json({**counted, **more, "answers": answers}, 207 if accepted.quarantined else 200)


def arrival_of(arrival: Arrival) -> HttpResponse:
    """Answer with a line of the ledger; it never changes."""
    at = arrival.received_at.isoformat()
    response = _json({**_counts(arrival.pk, arrival), "received_at": at}, 200)
    response["ETag"] = etag_of(arrival)
    return response


def etag_of(arrival: Arrival) -> str:
    """Return the mark by which a client knows that it has the line already."""
    return f'"arrival-{arrival.pk}"'


def acknowledged(ignored: int) -> HttpResponse:
    """Answer a delivery in which there was no signal."""
    return _json({"arrival": None, "rows": 0, "ignored": ignored}, 200)


def _counts(number: int, counted: Receipt | Arrival) -> dict[str, Any]:
    return {
        "arrival": number,
        "rows": counted.rows,
        "accepted": counted.accepted,
        "superseding": counted.superseding,
        "duplicates": counted.duplicates,
        "superseded": counted.superseded,
        "quarantined": counted.quarantined,
    }


def _json(body: object, status: int) -> HttpResponse:
    return HttpResponse(msgspec.json.encode(body), status=status, content_type="application/json")


def handled(_request: HttpRequest, refusal: Exception) -> HttpResponse:
    """Answer what the address itself gets wrong."""
    detail = str(refusal)
    return problem(Refusal(422, "The address is not understood.", where=detail, remedy="Mend it."))
