"""Named reads of cases: the queue, one case, and what lies around it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Case as Choice
from django.db.models import Count, F, Prefetch, Q, QuerySet, When

from amends.engine.clocks import ClockKind
from amends.web.accounts.access import within_reach
from amends.web.accounts.models import Team, User
from amends.web.accounts.permissions import MATRIX, Reach, Role, Verb
from amends.web.cases.asked import EVERY, NOBODY, TABS, Asked
from amends.web.cases.filtering import groups_q
from amends.web.cases.models import (
    NO_LONGER,
    OPEN,
    Action,
    ActionState,
    Case,
    Entry,
    SavedView,
)
from amends.web.detect.models import Breakdown
from amends.web.intake.models import Customer

PAGE_SIZE: Final = 50
PART_SIZE: Final = 10
PANE_SIZE: Final = 20
SIMILAR_SHOWN: Final = 5
OTHERS_SHOWN: Final = 6
RECENT: Final = timedelta(days=90)
WORKERS: Final = tuple(r.value for r in Role if MATRIX[Verb.CASE_WORK][r] > Reach.NONE)


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the queue, and how many cases each tab holds under the same filters."""

    cases: tuple[Case, ...]
    counts: Mapping[str, int]
    total: int
    page: int
    n_pages: int


def readable(person: User) -> QuerySet[Case]:
    """Return the cases that a person may read, each once, so that more can be asked of them."""
    every = Case.objects.order_by()
    found = within_reach(person, Verb.CASE_READ, every)
    if person.reach(Verb.CASE_READ) is Reach.TEAM:
        found |= within_reach(person, Verb.CASE_READ, every, team="handed_to")
    if found.query.distinct:
        return Case.objects.filter(pk__in=found.values("pk"))
    return found


def open_cases(person: User) -> QuerySet[Case]:
    """Return the open cases within a person's reach."""
    return readable(person).filter(state__in=OPEN)


def queue(
    person: User,
    asked: Asked,
    view: SavedView | None,
    now: datetime,
    size: int = PAGE_SIZE,
) -> Page:
    """Return one page of the cases asked for within reach, next deadline first: three queries.

    `view` is the saved view that is asked for (`chosen`).
    """
    found = _filtered(readable(person), asked, view, now)
    tabs = {tab: _in_tab(tab, person, now) for tab in TABS}
    counts = found.order_by().aggregate(
        **{tab: Count("pk", filter=condition) for tab, condition in tabs.items()},
        all=Count("pk"),
    )
    total: int = counts[asked.tab]
    n_pages = max(1, -(-total // size))
    page = min(asked.page, n_pages)
    if asked.tab != EVERY:
        found = found.filter(tabs[asked.tab])
    ordered = found.order_by(*_order(asked.tab))
    shown = ordered.values("pk")[(page - 1) * size : page * size]
    # Chosen first and only then joined with what a line shows: of 10,000 cases that is 50.
    few = _listed(Case.objects.filter(pk__in=shown)).order_by(*_order(asked.tab))
    cases = tuple(few) if total else ()
    return Page(cases, counts, total, page, n_pages)


def asked_for(person: User, asked: Asked, now: datetime) -> QuerySet[Case]:
    """Return all the cases asked for within reach, whatever page they are on."""
    view = chosen(asked, views_of(person)) if asked.view is not None else None
    found = _filtered(readable(person), asked, view, now)
    return found if asked.tab == EVERY else found.filter(_in_tab(asked.tab, person, now))


def _in_tab(tab: str, person: User, now: datetime) -> Q:
    is_open = Q(state__in=OPEN)
    is_standing = Q(paused_at__isnull=False, due_clock=ClockKind.RESOLUTION)
    waiting = Action.objects.filter(state=ActionState.WAITING)
    conditions: dict[str, Q] = {
        "mine": is_open & Q(owner=person.pk),
        "team": is_open & Q(team__in=person.team_ids),
        "unassigned": is_open & Q(owner=None),
        "open": is_open,
        "overdue": is_open & Q(due_at__lt=now) & ~is_standing,
        # A reversal may wait in a case that is over.
        "approval": Q(pk__in=waiting.values("case")),
        "closed": ~is_open,
    }
    return conditions[tab]


def _order(tab: str) -> tuple[str, ...]:
    if tab == "closed":
        return ("-resolved_at", "-pk")
    return ("due_at", "pk") if tab != EVERY else ("-opened_at", "-pk")


def neighbour(person: User, asked: Asked, ref: str, step: int, now: datetime) -> str | None:
    """Return the ref of the case that comes before or after one; of none of them the first one.

    One query; it reads all the refs asked for, which of 10,000 cases takes about 15 ms.
    """
    refs = list(
        asked_for(person, asked, now).order_by(*_order(asked.tab)).values_list("ref", flat=True)
    )
    if ref not in refs:
        return refs[0] if refs else None
    at = refs.index(ref) + step
    return refs[at] if 0 <= at < len(refs) else None


def page_with(person: User, asked: Asked, ref: str, size: int, now: datetime) -> int:
    """Return the page on which a case is among those asked for; 1 if it is not: one query."""
    refs = list(
        asked_for(person, asked, now).order_by(*_order(asked.tab)).values_list("ref", flat=True)
    )
    return refs.index(ref) // size + 1 if ref in refs else 1


def views_of(person: User) -> list[SavedView]:
    """Return the views that a person can choose, own ones first: one query."""
    found = SavedView.objects.filter(Q(owner=person) | Q(is_shared=True)).select_related("owner")
    return sorted(found, key=lambda view: (view.owner_id != person.pk, view.name.lower(), view.pk))


def chosen(asked: Asked, views: Iterable[SavedView]) -> SavedView | None:
    """Return the view that is asked for; None: none is, or it is gone."""
    return next((view for view in views if view.pk == asked.view), None)


def found_by_words(person: User, text: str, most: int) -> list[Case]:
    """Return the cases within reach that a piece of ref, title or customer names, open first."""
    cases = readable(person).filter(_named(text)).select_related("customer")
    is_over = Choice(When(state__in=OPEN, then=0), default=1)
    return list(cases.order_by(is_over, F("due_at").asc(nulls_last=True), "-pk")[:most])


def _named(text: str) -> Q:
    return (
        Q(ref__icontains=text)
        | Q(title__icontains=text)
        | Q(customer__name__icontains=text)
        | Q(customer__customer_id__icontains=text)
    )


def _filtered(
    cases: QuerySet[Case], asked: Asked, view: SavedView | None, now: datetime
) -> QuerySet[Case]:
    exact = {
        name: getattr(asked, name) for name in ("severity", "state") if getattr(asked, name)
    } | dict(asked.dims)
    if asked.breakdown is not None:
        exact["breakdown"] = asked.breakdown
    if asked.customer:
        exact["customer"] = asked.customer
    if asked.owner:
        exact["owner"] = None if asked.owner == NOBODY else int(asked.owner)
    cases = cases.filter(**exact)
    if asked.cause:
        cases = cases.filter(Q(cause=asked.cause) | Q(cause__startswith=f"{asked.cause}/"))
    if asked.search:
        cases = cases.filter(_named(asked.search))
    if asked.view is not None:
        cases = cases.filter(groups_q(view.groups, now)) if view else cases.none()
    return cases


def _listed(cases: QuerySet[Case]) -> QuerySet[Case]:
    """Return cases with all that a line of a list shows, and none of the long documents."""
    return (
        cases.select_related("customer", "owner", "team", "recommendation")
        .defer("recommendation__record", "recommendation__explanation")
        .prefetch_related(Prefetch("actions", Action.objects.order_by("pk")))
    )


def decided(case: Case) -> Action | None:
    """Return what holds in a case whose actions were fetched with it (`actions.standing`)."""
    since = case.reopened_at
    holding = [
        action
        for action in case.actions.all()
        if action.reverses_id is None
        and action.state not in NO_LONGER
        and (since is None or action.decided_at >= since)
    ]
    return holding[-1] if holding else None


def waits_for_approval(case: Case) -> Action | None:
    """Return what waits for approval in a case whose actions were fetched with it."""
    return next((a for a in case.actions.all() if a.state == ActionState.WAITING), None)


def case_of(ref: str) -> QuerySet[Case]:
    """Return the case with this ref, with all that its page shows."""
    actions = Action.objects.select_related("decided_by", "approved_by").order_by("pk")
    return (
        Case.objects.filter(ref=ref)
        .select_related("customer", "owner", "team", "recommendation", "breakdown")
        .prefetch_related(Prefetch("actions", actions))
    )


def timeline(case: Case) -> list[Entry]:
    """Return the entries of a case, the first one first."""
    return list(case.entries.select_related("by").order_by("at", "pk"))


def decisions(case: Case) -> list[Action]:
    """Return everything that was decided in a case, the first one first."""
    return list(case.actions.select_related("decided_by", "approved_by").order_by("pk"))


def similar_cases(person: User, case: Case) -> list[Case]:
    """Return the newest cases of the same cause and tier that are over, within reach."""
    alike = readable(person).filter(cause=case.cause, tier=case.tier).exclude(state__in=OPEN)
    return list(_listed(alike.exclude(pk=case.pk)).order_by("-opened_at", "-pk")[:SIMILAR_SHOWN])


def other_cases(person: User, customer: Customer, case: Case) -> list[Case]:
    """Return the customer's other cases of the 90 days before, newest first, within reach."""
    theirs = readable(person).filter(customer=customer).exclude(pk=case.pk)
    recent = theirs.filter(opened_at__gte=case.opened_at - RECENT)
    return list(recent.order_by("-opened_at", "-pk")[:OTHERS_SHOWN])


def workers() -> QuerySet[User]:
    """Return everybody who may work on cases."""
    return User.objects.filter(is_active=True, roles__overlap=list(WORKERS))


def other_teams(case: Case) -> QuerySet[Team]:
    """Return the teams that a case can be handed to."""
    return Team.objects.exclude(pk=case.team_id) if case.team_id else Team.objects.all()


def causes_of_cases() -> Sequence[str]:
    """Return the causes that cases have, in alphabetical order: a menu."""
    return list(
        Case.objects.exclude(cause="").order_by("cause").values_list("cause", flat=True).distinct()
    )


def usual_currency() -> str:
    """Return the currency of the newest case; EUR as long as there is none."""
    return Case.objects.order_by("-pk").values_list("currency", flat=True).first() or "EUR"


def breakdown_named(pk: int | None) -> Breakdown | None:
    """Return the breakdown that the queue is narrowed to."""
    return None if pk is None else Breakdown.objects.filter(pk=pk).first()
