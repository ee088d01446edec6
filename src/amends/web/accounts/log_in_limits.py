"""How often one may try to log in: few tries per account and place, more per place and per account.

Three windows, so that guessing one password, guessing many accounts from one place and guessing one
account from many places each end soon, while a stranger cannot lock somebody out of their own desk
with five tries.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone

from amends.web.accounts.models import LogInAttempt

WINDOW: Final = timedelta(minutes=15)
KEEP: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `tries` failures in the window, counted by e-mail, by address, or by both."""

    tries: int
    by_email: bool
    by_address: bool


LIMITS: Final = (
    Limit(5, by_email=True, by_address=True),
    Limit(50, by_email=True, by_address=False),
    Limit(30, by_email=False, by_address=True),
)


def start_attempt(email: str, address: str) -> LogInAttempt | datetime:
    """Note a try and return it, or return when the next one is allowed.

    It is noted before it is judged, so that many tries at the same instant see each other.
    """
    attempt = LogInAttempt.objects.create(email=_key(email), address=address, succeeded=False)
    ends = filter(None, (_ends(limit, attempt) for limit in LIMITS))
    if until := max(ends, default=None):
        attempt.delete()  # a refused try does not prolong the wait
        return until
    return attempt


def note_success(attempt: LogInAttempt) -> None:
    """Say that the password was right."""
    attempt.succeeded = True
    attempt.save(update_fields=["succeeded"])


def _ends(limit: Limit, attempt: LogInAttempt) -> datetime | None:
    """Return when the limit lets go, if it holds."""
    who = Q()
    if limit.by_email:
        who &= Q(email=attempt.email)
    if limit.by_address:
        who &= Q(address=attempt.address)
    earlier = LogInAttempt.objects.filter(who).exclude(pk=attempt.pk)
    failures = earlier.filter(succeeded=False, at__gt=attempt.at - WINDOW)
    if limit.by_email and limit.by_address:  # one's own success forgives one's own typos
        success = earlier.filter(succeeded=True).order_by("-at").first()
        if success:
            failures = failures.filter(at__gt=success.at)
    times = list(failures.order_by("-at").values_list("at", flat=True)[: limit.tries])
    return times[-1] + WINDOW if len(times) >= limit.tries else None


def forget_old_attempts(now: datetime | None = None) -> int:
    """Delete attempts older than `KEEP`; return how many."""
    old = LogInAttempt.objects.filter(at__lt=(now or timezone.now()) - KEEP)
    return old.delete()[0]


def client_address(request: HttpRequest, *, trust_proxy: bool) -> str:
    """Return where a request comes from; behind a trusted proxy, what that proxy saw."""
    forwarded = request.headers.get("X-Forwarded-For", "") if trust_proxy else ""
    last = forwarded.rsplit(",", 1)[-1].strip()
    return (last or request.META.get("REMOTE_ADDR") or "unknown")[:45]


def _key(email: str) -> str:
    return email.strip().lower()[:254]
