"""The day's budget of goodwill: who sets it, what counts, what its price does."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from django.utils import timezone
from tests.people import People
from tests.web.cases.making import make_case, make_customer

from amends.engine.recommend import parse_table, price_after, price_at, shipped_policy, write_table
from amends.web.accounts.models import User
from amends.web.cases import pacing
from amends.web.cases.explaining import explained
from amends.web.cases.limit_actions import set_budget
from amends.web.cases.models import Action, Case
from amends.web.cases.recommending import record_of
from amends.web.cases.replaying import replay
from amends.web.recommend.models import GoodwillBudget, PacedDay

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 20, 12, tzinfo=ZoneInfo("UTC"))


def as_(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def give(case: Case, goodwill: int, at: datetime, **more: Any) -> Action:
    owed = Decimal(more.pop("owed", 0))
    known = {"kind": "credit", "currency": "EUR", "state": "taken", "decided_at": at} | more
    return Action.objects.create(case=case, amount=owed + goodwill, owed=owed, **known)


def default(**more: Any) -> Case:
    """Return a case that does not serve to learn: what is recommended is the best guess."""
    made = (make_case(**more) for _ in range(60))
    return next(case for case in made if not case.recommendation.explores)


def budget(amount: int = 100, *, since: datetime = NOON) -> GoodwillBudget:
    return GoodwillBudget.objects.create(
        currency="EUR", amount=amount, reason="Plan of the year", since=since.date()
    )


def test_only_who_sets_limits_and_gives_nothing_sets_a_budget(people: People) -> None:
    with pytest.raises(PermissionDenied):
        set_budget(people.manager, "EUR", Decimal(100), "Less")
    with pytest.raises(ValidationError, match="Say why"):
        set_budget(people.compliance, "EUR", Decimal(100), " ")
    with pytest.raises(ValidationError, match="Give more than 0"):
        set_budget(people.compliance, "EUR", Decimal(0), "None")
    both = User.objects.create_user("b@example.com", name="B", roles=["compliance", "agent"])
    with pytest.raises(ValidationError, match="give from this budget yourself"):
        set_budget(both, "EUR", Decimal(100), "More")
    set_budget(people.compliance, "EUR", Decimal(100), "Plan")
    set_budget(people.compliance, "EUR", Decimal(80), "Less")
    set_budget(people.compliance, "EUR", None, "Over")
    rows = GoodwillBudget.pgh_event_model.objects.order_by("pgh_id")  # type: ignore[attr-defined]
    assert list(rows.values_list("pgh_label", "amount", "reason")) == [
        ("insert", Decimal(100), "Plan"),
        ("update", Decimal(80), "Less"),
        ("update", Decimal(80), "Over"),
        ("delete", Decimal(80), "Over"),
    ]


def test_goodwill_counts_and_nothing_else() -> None:
    case, today = make_case(), NOON - timedelta(hours=2)
    give(case, 10, today, owed=500)
    give(case, 7, today - timedelta(days=3), approved_at=today)
    give(case, 5, today, state="reversed")
    for more in ({"state": "waiting"}, {"state": "refused"}, {"state": "undone"}):
        give(case, 1000, today, **more)
    give(case, 1000, today, currency="GBP")
    give(case, 0, today, owed=1000)
    give(case, 1000, today - timedelta(days=1))
    assert pacing.paces(NOON) == [], "no budget, no pace"
    kept = budget()
    (pace,) = pacing.paces(NOON)
    assert (pace.spent, pace.planned, pace.left) == (Decimal(22), Decimal(50), Decimal(78))
    assert pace.price == price_at(0.0, Decimal(22), Decimal(50), kept.amount) == 0
    assert pacing.prices(["EUR", "GBP"], NOON + timedelta(days=30)) == [0.0, 0.0]


def test_the_plan_follows_the_usual_hours() -> None:
    case = make_case()
    budget()
    for n in range(pacing.USUAL_FROM):
        at = NOON - timedelta(days=1 + n % 20, hours=-5 if n % 5 == 0 else 3)
        give(case, 10, at)
    (pace,) = pacing.paces(NOON)
    assert pace.planned == Decimal(80), "four of five gave before noon"


def test_what_was_given_too_much_is_a_price_until_it_is_saved() -> None:
    case, first = make_case(), NOON - timedelta(days=4)
    kept = budget(since=first)
    give(case, 250, first)
    give(case, 40, first + timedelta(days=1))
    expected = price_after(0, [Decimal(250), Decimal(40), Decimal(0), Decimal(0)], kept.amount)
    start = pacing.paces(NOON)[0].price
    assert start == price_at(expected, Decimal(0), Decimal(50), kept.amount)
    assert pacing.close_days(NOON) == 4
    assert pacing.close_days(NOON) == 0
    assert pacing.paces(NOON)[0].price == start, "days that are kept change nothing"
    assert [day.price for day in PacedDay.objects.all()][-1] == expected
    assert pacing.paces(first + timedelta(hours=1))[0].budget == kept


def test_a_short_budget_changes_what_is_recommended_and_says_so(people: People) -> None:
    customer, now = make_customer("C9", value_per_year=Decimal(900)), timezone.now()
    usual = default(customer=customer, opened_at=now)
    assert usual.recommendation.amount > 0
    budget(since=now)
    give(usual, 2000, now)
    dear = default(customer=customer, opened_at=now)
    owed = make_case(customer=customer, cause="billing/double_charge", opened_at=now)
    row = dear.recommendation
    assert row.amount < usual.recommendation.amount
    assert owed.recommendation.owed == Decimal(20), "what is owed is never paced"
    price = record_of(row).price
    assert price == pytest.approx(pacing.prices(["EUR"], now)[0], rel=0.05)
    GoodwillBudget.objects.all().delete()
    said = explained(row)
    assert said is not None, "explained as it was decided, whatever the price is now"
    assert said.price == price
    assert f"shadow price {price:.2f}" in " ".join(said.reasons)
    again = explained(Case.objects.get(pk=dear.pk).recommendation)
    assert again == said, "read as it was written"
    text = write_table(next(t for t in shipped_policy().tables if t.name == "limits"))
    assert replay(people.manager, parse_table(text), now).n_differ == 0, "at the price of its day"


def test_the_budget_stands_on_the_page_of_limits(people: People) -> None:
    compliance, url = as_(people.compliance), "/cases/limits/budget/"
    assert "No budget is set" in compliance.get("/cases/limits/").content.decode()
    typed = {"currency": "EUR", "amount": "x", "reason": "Plan"}
    refused = compliance.post(url, typed)
    assert refused.status_code == 422
    assert 'value="x"' in refused.content.decode()
    assert compliance.post(url, {**typed, "amount": "100"}).status_code == 302
    give(make_case(), 160, timezone.now())
    PacedDay.objects.create(
        budget=GoodwillBudget.objects.get(),
        day=timezone.localdate() - timedelta(days=1),
        amount=100,
        spent=130,
        price=0.6,
    )
    told = as_(people.owner).get("/cases/limits/").content.decode()
    assert "€160.00</b> given today" in told
    assert "of goodwill counts as €" in told
    assert "€130.00" in told
    assert "Set a budget" not in told
    assert as_(people.manager).get(url).status_code == 403
    assert compliance.post(f"{url}EUR/", {**typed, "amount": "120"}).status_code == 302
    assert GoodwillBudget.objects.get().amount == 120
    assert compliance.get(f"{url}USD/").status_code == 404
    compliance.post(f"{url}EUR/removal/", {"reason": ""})
    assert "Say why" in compliance.get("/cases/limits/").content.decode()
    compliance.post(f"{url}EUR/removal/", {"reason": "Over"})
    assert not GoodwillBudget.objects.exists()
