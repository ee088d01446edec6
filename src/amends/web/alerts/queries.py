"""Named reads of alerts: mine, those of everybody within reach, what they wait for."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Exists, F, OuterRef, Prefetch, Q, QuerySet

from amends.web.accounts.access import within_reach
from amends.web.accounts.models import User
from amends.web.accounts.permissions import MATRIX, Verb
from amends.web.alerts.models import (
    ENDED,
    WAITING,
    Alert,
    AlertState,
    Attempt,
    Notice,
    NoticeKind,
    NoticeState,
)

LATE: Final = timedelta(minutes=10)
"""An alert that has reached nobody for so long is told by `amends doctor`."""
RECENT: Final = timedelta(days=28)


@dataclass(frozen=True, slots=True)
class Told:
    """An alert as access asks for it: who was told of it owns it, too."""

    alert: Alert
    person: User

    @property
    def owner_id(self) -> int | None:
        """The owner, or this person when they were told."""
        is_told = self.alert.notices.filter(person=self.person).exists()
        return self.person.pk if is_told else self.alert.owner_id

    @property
    def team_ids(self) -> Collection[int]:
        """The team it belongs to."""
        return self.alert.team_ids


def visible(person: User) -> QuerySet[Alert]:
    """Return the alerts that a person may see: within reach, and those they were told of."""
    everything = Alert.objects.select_related("owner", "team", "rule", "breakdown")
    if not person.may(Verb.ALERT_READ):
        return everything.none()
    within = within_reach(person, Verb.ALERT_READ, everything).order_by()
    return everything.filter(Q(pk__in=within.values("pk")) | Q(_is_told(person)))


def of_person(alerts: QuerySet[Alert], person: User) -> QuerySet[Alert]:
    """Return those that are somebody's: owned by them, or they were told of them."""
    return alerts.filter(Q(owner=person) | Q(_is_told(person)))


def waiting_for(person: User) -> QuerySet[Alert]:
    """Return the alerts that wait for somebody's acknowledgement."""
    open_ones = Alert.objects.filter(state__in=WAITING, part_of=None)
    return of_person(open_ones, person) if person.may(Verb.ALERT_READ) else open_ones.none()


def with_receipts(alerts: QuerySet[Alert]) -> QuerySet[Alert]:
    """Return alerts with their notices and every attempt of each."""
    attempts = Attempt.objects.select_related("channel").order_by("pk")
    notices = Notice.objects.select_related("person").prefetch_related(
        Prefetch("attempts", queryset=attempts),
        Prefetch("gathered_in__attempts", queryset=attempts),
    )
    return alerts.prefetch_related(Prefetch("notices", queryset=notices))


def handlers() -> QuerySet[User]:
    """Return the people who may be told of alerts: owners, on call, on a step."""
    roles = [role.value for role, reach in MATRIX[Verb.ALERT_HANDLE].items() if reach]
    return User.objects.filter(is_active=True, roles__overlap=roles)


def undelivered(now: datetime) -> QuerySet[Alert]:
    """Return open alerts that have reached nobody although their first step was long due."""
    raised = Alert.objects.filter(state=AlertState.RAISED, part_of=None)
    held = Notice.objects.filter(alert=OuterRef("pk"), state=NoticeState.HELD)
    has_step = Q(next_at=None) | Q(next_at__lte=now - LATE) | Q(Exists(_notices()))
    return raised.filter(has_step, began_at__lt=now - LATE).exclude(Exists(held))


def unaddressed(now: datetime) -> QuerySet[Alert]:
    """Return open alerts of which nobody was told, since there is nobody to tell."""
    raised = Alert.objects.filter(state=AlertState.RAISED, part_of=None)
    is_over = Q(next_at__gte=F("began_at") + timedelta(days=6))
    return raised.filter(is_over, began_at__lt=now - LATE).exclude(Exists(_notices()))


def ended_recently(alerts: QuerySet[Alert], now: datetime) -> QuerySet[Alert]:
    """Return the alerts that ended in the last four weeks."""
    return alerts.filter(state__in=ENDED, ended_at__gt=now - RECENT)


def _notices() -> QuerySet[Notice]:
    return Notice.objects.filter(alert=OuterRef("pk"), kind=NoticeKind.ALERT)


def _is_told(person: User) -> Exists:
    return Exists(Notice.objects.filter(alert=OuterRef("pk"), person=person))
