"""Policy tables: drafted by one, reviewed with a replay and published by another."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from django.utils import timezone
from tests.people import People
from tests.web.cases.making import make_case, make_customer

from amends.engine.recommend import law_presets, parse_table, shipped_policy, write_table
from amends.web.accounts.models import Team, User
from amends.web.cases.policy_telling import next_version
from amends.web.cases.recommending import known_facts
from amends.web.cases.remedies import authority_in
from amends.web.cases.replaying import replay
from amends.web.recommend.actions import discard_policy, draft_policy, obstacles, publish_policy
from amends.web.recommend.models import PolicyVersion
from amends.web.recommend.queries import policy_in_force, recommender

pytestmark = pytest.mark.django_db
FRAGMENT = {"HX-Request": "true"}


def as_(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def limits(limit: int = 40, *, days: int = 1, version: str = "2") -> str:
    """Return the table of limits with another one for agents, beginning in some days."""
    begins = timezone.localdate() + timedelta(days=days)
    text = write_table(next(t for t in shipped_policy().tables if t.name == "limits"))
    text = text.replace("limit: '25'", f"limit: '{limit}'").replace("2000-01-01", str(begins))
    text = text.replace("version: '1'", f"version: '{version}'")
    assert parse_table(text).effective_from == begins
    return text


def test_a_draft_must_be_the_same_table_and_pass_its_own_examples_to_be_published(
    people: People,
) -> None:
    text = limits()
    fails = text.replace("limit: '144'", "limit: '145'")
    draft = draft_policy(people.manager, "limits", fails, "More")
    with pytest.raises(ValidationError, match="Example 2 fails: limit is 144, expected 145"):
        publish_policy(people.compliance, draft.pk)
    discard_policy(people.manager, draft.pk)
    with pytest.raises(ValidationError, match="This is the table limits, not ceiling"):
        draft_policy(people.manager, "ceiling", text, "More")
    with pytest.raises(ValidationError, match="Say why"):
        draft_policy(people.manager, "limits", text, " ")
    with pytest.raises(PermissionDenied):
        draft_policy(people.owner, "limits", text, "More")
    assert not PolicyVersion.objects.exists()


def test_somebody_else_publishes_it_and_it_decides_from_its_first_day(people: People) -> None:
    customer = make_customer("C9", value_per_year=Decimal(9000))
    care = Team.objects.get(name="Care")
    old = make_case(owner=people.owner, team=care, customer=customer, loss=Decimal(80))
    before = policy_in_force()
    draft = draft_policy(people.compliance, "limits", limits(), "Agents may be trusted with more")
    with pytest.raises(ValidationError, match="drafted this yourself"):
        publish_policy(people.compliance, draft.pk)
    with pytest.raises(PermissionDenied):
        publish_policy(people.manager, draft.pk)
    assert policy_in_force() is before
    other = User.objects.create_user("cy@example.com", name="Cy", roles=["compliance"])
    publish_policy(other, draft.pk)
    new = make_case(
        owner=people.owner,
        team=care,
        customer=customer,
        loss=Decimal(80),
        opened_at=timezone.now() + timedelta(days=1),
    )
    alone = [
        max(o.goodwill for o in authority_in(people.owner, case).options() if not o.approver)
        for case in (old, new)
    ]
    assert alone == [Decimal(25), Decimal(40)]
    assert (
        old.recommendation.policy_hash
        == recommender().policy.permit(known_facts(old.recommendation), "agent").policy_hash
    ), "what was decided before can still be explained"
    with pytest.raises(ValidationError, match="This draft is gone"):
        publish_policy(other, draft.pk)


def test_what_is_in_the_way_is_told(people: People) -> None:
    today = timezone.localdate()
    assert obstacles(parse_table(limits()), today) == []
    assert "tomorrow or later" in obstacles(parse_table(limits(days=0)), today)[0]
    gap = limits().replace(
        "- id: executive\n  when:\n    role: executive\n  then:\n    limit: '5000'\n", ""
    )
    assert gap != limits()
    assert any("No row for" in sentence for sentence in obstacles(parse_table(gap), today))
    draft = draft_policy(people.manager, "limits", gap, "Fewer")
    with pytest.raises(ValidationError, match="No row for"):
        publish_policy(people.compliance, draft.pk)


def test_a_replay_counts_what_differs_and_what_it_costs(people: People) -> None:
    now = timezone.now()
    care = Team.objects.get(name="Care")
    for n in range(4):
        make_case(
            team=care,
            customer=make_customer(f"R{n % 2}", value_per_year=Decimal(9000)),
            loss=Decimal(38),
            opened_at=now - timedelta(days=n + 1),
        )
    make_case(team=care, loss=Decimal(38), opened_at=now - timedelta(days=120))
    make_case(team=Team.objects.get(name="Billing"), loss=Decimal(38), opened_at=now)
    same = replay(people.manager, parse_table(limits(25)), now)
    assert (same.n, same.n_differ) == (5, 0), "a quarter, and all that a manager may read"
    assert same.costs[0].change == 0
    nothing = replay(people.owner, parse_table(limits(0)), now)
    assert (nothing.n, nothing.n_customers) == (4, 2), "what an agent may read"
    assert nothing.n_differ == len(nothing.differences) > 0
    (cost,) = nothing.costs
    assert cost.after == 0 < cost.before
    assert sum(d.cost for d in nothing.differences) == cost.change


def test_a_version_is_drafted_reviewed_and_published_on_pages(people: People) -> None:
    manager, compliance = as_(people.manager), as_(people.compliance)
    make_case(opened_at=timezone.now() - timedelta(days=1), loss=Decimal(38))
    assert "The most that may be given at discretion" in manager.get("/policy/").content.decode()
    url = "/policy/limits/"
    assert "policy: limits" in manager.get(f"{url}draft/").content.decode()
    bad = manager.post(f"{url}draft/", {"text": "policy: [", "reason": "Less"})
    assert bad.status_code == 422
    assert "Not YAML" in bad.content.decode()
    assert manager.post(f"{url}draft/", {"text": limits(0), "reason": "Save"}).status_code == 302
    page = manager.get(url).content.decode()
    assert "Row agent" in page
    assert "role = agent: limit 0" in page
    assert "Somebody else who may publish policy has to review it." in page
    part = compliance.get(f"{url}replay/", headers=FRAGMENT).content.decode()
    assert "would be decided differently" in part
    assert "<html" not in part
    assert f'action="{url}publication/"' in compliance.get(url).content.decode()
    draft = PolicyVersion.objects.get()
    compliance.post(f"{url}publication/", {"draft": draft.pk})
    page = compliance.get(url).content.decode()
    assert "It is published" in page
    assert "reviewed by Cora C." in page
    assert "Version 2" in page
    export = compliance.get(f"{url}table.yaml")
    assert parse_table(export.content.decode()).version == "1"
    assert compliance.get(f"{url}table.jdm.json").json()["nodes"]
    compliance.post(f"{url}publication/", {"draft": "x"})
    assert "This draft is gone" in compliance.get(url).content.decode()
    manager.post(f"{url}draft/", {"text": limits(1, days=3, version="3"), "reason": "?"})
    manager.post(f"{url}discard/", {"draft": PolicyVersion.objects.latest("pk").pk})
    assert PolicyVersion.objects.count() == 1
    assert manager.get("/policy/no/").status_code == 404
    assert manager.get(f"{url}replay/").status_code == 404
    assert as_(people.nobody).get(url).status_code == 403
    assert as_(people.product_owner).get(f"{url}replay/").status_code == 403


def test_what_a_law_owes_is_adopted_and_owed_in_its_own_currency_only(people: People) -> None:
    client, url = as_(people.manager), "/policy/entitlement_gb_ofcom/"
    listed = client.get("/policy/").content.decode()
    assert "Not legal advice" in listed
    for preset in law_presets():
        assert preset.about.title.replace("'", "&#x27;") in listed
        assert preset.about.citation in listed
        assert f"from {preset.effective_from}" in listed
        assert "ot legal advice" in preset.about.note
    shown = client.get(url).content.decode()
    assert "not in force here" in shown
    assert "Ofcom automatic compensation scheme" in shown
    assert "not yet" in shown, "nobody checked it against its source"
    assert client.get(f"{url}questions/").status_code == 200
    text = client.get(f"{url}draft/").context["form"].initial["text"]
    drafted = parse_table(text)
    assert (drafted.version, drafted.effective_from) == (
        "2026-04",
        timezone.localdate() + timedelta(days=1),
    )
    client.post(f"{url}draft/", {"text": text, "reason": "We signed the scheme"})
    publish_policy(people.compliance, PolicyVersion.objects.get().pk)
    tomorrow = timezone.now() + timedelta(days=1)
    cause: dict[str, Any] = {"cause": "installation/missed_appointment", "opened_at": tomorrow}
    pounds = make_case(currency="GBP", customer=make_customer("P1", currency="GBP"), **cause)
    euros = make_case(**cause)
    today = make_case(currency="GBP", customer=pounds.customer, cause=cause["cause"])
    owed = [case.recommendation.owed for case in (pounds, euros, today)]
    assert owed == [Decimal("32.31"), 0, 0], "an amount is never taken for another currency's"


def test_a_law_in_another_currency_that_looks_at_amounts_stands_in_nobodys_way(
    people: People,
) -> None:
    dot = next(t for t in law_presets() if t.name == "entitlement_us_dot")
    text = write_table(next_version(dot, timezone.localdate()))
    publish_policy(people.compliance, draft_policy(people.manager, dot.name, text, "We fly").pk)
    tomorrow = timezone.now() + timedelta(days=1)
    assert make_case(opened_at=tomorrow).recommendation.owed == 0
