"""The page where a source gets its tokens and the secret of its webhook."""

import re
from datetime import timedelta
from typing import Any

import pghistory.models
import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from tests.people import People

from amends.web.intake.actions.tokens import make_token, revoke_token, set_secret
from amends.web.intake.doors import digest_of
from amends.web.intake.models import Source, SourceToken, Way
from amends.web.intake.sealing import unseal
from amends.web.intake.webhooks import SIGNING

pytestmark = pytest.mark.django_db
TOKEN: Any = {"label": "Shop back end", "scope": "write", "days": 90, "requests_per_minute": 600}


@pytest.fixture
def source() -> Source:
    return Source.objects.create(name="shop", title="The shop", way=Way.API)


@pytest.fixture
def admin(people: People) -> Client:
    client = Client()
    client.force_login(people.admin)
    return client


def test_a_token_is_shown_once_and_only_its_digest_kept(admin: Client, source: Source) -> None:
    address = reverse("sources:access", args=[source.name])
    page = admin.post(reverse("sources:new_token", args=[source.name]), TOKEN).content.decode()
    [secret] = re.findall(r'value="(amends_[\w-]+)"', page)
    token = SourceToken.objects.get()
    assert token.digest == digest_of(secret)
    assert token.expires_at > timezone.now() + timedelta(days=89)
    again = admin.get(address).content.decode()
    assert "Shop back end" in again
    assert secret not in again
    assert "curl http" in again


def test_a_token_that_was_revoked_opens_nothing(
    admin: Client, people: People, source: Source
) -> None:
    token, secret = make_token(people.admin, source, **TOKEN)
    page = admin.post(reverse("sources:revocation", args=[source.name, token.pk]))
    assert b"Revoked" in page.content
    headers = {"Authorization": f"Bearer {secret}"}
    sent = Client().post("/api/v1/signals", b"{}", content_type="application/json", headers=headers)
    assert sent.status_code == 401


def test_what_was_typed_wrong_is_said_beside_it(admin: Client, source: Source) -> None:
    response = admin.post(
        reverse("sources:new_token", args=[source.name]), {**TOKEN, "label": "", "days": 7}
    )
    assert response.status_code == 422
    assert b"This field is required" in response.content
    assert not SourceToken.objects.exists()


def test_a_secret_is_made_or_given(admin: Client, source: Source) -> None:
    address = reverse("sources:secret", args=[source.name])
    page = admin.post(address, {"secret": ""}).content.decode()
    source.refresh_from_db()
    made = unseal(bytes(source.secrets))[SIGNING]
    assert f'value="{made}"' in page
    page = admin.post(address, {"secret": "the vendor's own"}).content.decode()
    assert "The one before still holds" in page
    assert "vendor&#x27;s own" not in page
    source.refresh_from_db()
    assert unseal(bytes(source.secrets))[SIGNING] == "the vendor's own"
    assert b"the vendor's own" not in bytes(source.secrets)


def test_each_change_is_in_the_audit_without_its_secret(people: People, source: Source) -> None:
    token, secret = make_token(people.admin, source, **TOKEN)
    revoke_token(people.admin, token)
    signing = set_secret(people.admin, source)
    events: Any = pghistory.models.Events.objects.all()
    told = [(event.pgh_obj_model, event.pgh_label) for event in events.tracks(token)]
    assert [label for _, label in told] == ["insert", "update"]
    assert [event.pgh_label for event in events.tracks(source)] == ["insert", "update"]
    text = str([event.pgh_data for event in events])
    assert secret not in text
    assert signing not in text
    assert digest_of(secret) not in text


def test_only_who_manages_the_system_may(people: People, source: Source) -> None:
    with pytest.raises(PermissionDenied):
        make_token(people.leader, source, **TOKEN)
    with pytest.raises(PermissionDenied):
        set_secret(people.manager, source)
    client = Client()
    client.force_login(people.compliance)
    assert client.get(reverse("sources:access", args=[source.name])).status_code == 403
