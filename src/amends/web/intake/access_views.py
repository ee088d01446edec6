"""How a source may deliver: its tokens, the address and the secret of its webhook."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from amends.connectors import webhook_of
from amends.connectors.hooking import Webhook
from amends.web.accounts.access import requires
from amends.web.accounts.permissions import Verb
from amends.web.accounts.views import current_person
from amends.web.intake.access_forms import SecretForm, TokenForm
from amends.web.intake.actions import tokens
from amends.web.intake.models import Source, SourceToken, WebhookDay
from amends.web.intake.webhooks import signing_secrets
from amends.web.ui.pages import page


@dataclass(frozen=True, slots=True)
class AccessContext:
    """What the page shows of a source."""

    source: Source
    tokens: list[SourceToken]
    now: datetime
    token_form: TokenForm
    secret_form: SecretForm
    hook: Webhook
    hook_address: str
    secret_since: datetime | None
    """When the secret was set; None: the webhook has none and is closed."""
    is_overlapping: bool
    """The secret before still holds."""
    deliveries: int
    ignored: int
    example: str
    fresh: str = ""
    """A token or secret that was just made: shown once."""
    fresh_is_token: bool = True


@require_safe
@requires(Verb.SYSTEM_MANAGE)
def access(request: HttpRequest, name: str) -> HttpResponse:
    """Show how a source may deliver."""
    return _answer(request, get_object_or_404(Source, name=name))


@require_POST
@requires(Verb.SYSTEM_MANAGE)
def new_token(request: HttpRequest, name: str) -> HttpResponse:
    """Make a token and show it, once."""
    source, form = get_object_or_404(Source, name=name), TokenForm(request.POST)
    if not form.is_valid():
        return _answer(request, source, token_form=form, status=422)
    try:
        _, secret = tokens.make_token(current_person(request), source, **form.cleaned_data)
    except ValidationError as error:
        form.add_error(None, error)
        return _answer(request, source, token_form=form, status=422)
    return _answer(request, source, fresh=secret)


@require_POST
@requires(Verb.SYSTEM_MANAGE)
def revocation(request: HttpRequest, name: str, pk: int) -> HttpResponse:
    """End a token."""
    source = get_object_or_404(Source, name=name)
    tokens.revoke_token(current_person(request), get_object_or_404(source.tokens, pk=pk))
    return _answer(request, source)


@require_POST
@requires(Verb.SYSTEM_MANAGE)
def secret(request: HttpRequest, name: str) -> HttpResponse:
    """Set or rotate the signing secret; one that is made here is shown, once."""
    source, form = get_object_or_404(Source, name=name), SecretForm(request.POST)
    if not form.is_valid():
        return _answer(request, source, secret_form=form, status=422)
    given = form.cleaned_data["secret"]
    made = tokens.set_secret(current_person(request), source, given)
    source.refresh_from_db()
    return _answer(request, source, fresh="" if given else made, fresh_is_token=False)


def _answer(
    request: HttpRequest,
    source: Source,
    *,
    token_form: TokenForm | None = None,
    secret_form: SecretForm | None = None,
    fresh: str = "",
    fresh_is_token: bool = True,
    status: int = 200,
) -> HttpResponse:
    now = timezone.now()
    since = source.options.get(tokens.SINCE)
    month = WebhookDay.objects.filter(source=source, day__gt=now.date() - tokens.MONTH)
    counted = month.aggregate(deliveries=Sum("deliveries"), ignored=Sum("ignored"))
    context = AccessContext(
        source=source,
        tokens=list(source.tokens.order_by("revoked_at", "label")),
        now=now,
        token_form=token_form or TokenForm(),
        secret_form=secret_form or SecretForm(),
        hook=webhook_of(source.connector),
        hook_address=_address(reverse("api:deliver_webhook", args=[source.name])),
        secret_since=datetime.fromisoformat(since) if since else None,
        is_overlapping=len(signing_secrets(source, now)) > 1,
        deliveries=counted["deliveries"] or 0,
        ignored=counted["ignored"] or 0,
        example=_example(),
        fresh=fresh,
        fresh_is_token=fresh_is_token,
    )
    return page(request, "intake/access.html", context, fragment="access", status=status)


def _example() -> str:
    record = '{"external_id": "A-1", "kind": "complaint", "occurred_at": "2026-03-02T09:00:00Z"}'
    return (
        f"curl {_address(reverse('api:send_signals'))}"
        ' -H "Authorization: Bearer $AMENDS_TOKEN" -H "Content-Type: application/json"'
        f" -d '{record}'"
    )


def _address(path: str) -> str:
    return f"{settings.PUBLIC_URL}{path}"
