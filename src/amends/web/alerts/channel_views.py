"""Channels: the ways out of amends in their order, tests, and what the last drill proved."""

from dataclasses import dataclass
from typing import Final

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from amends.web.accounts.access import requires
from amends.web.accounts.permissions import Verb
from amends.web.accounts.views import current_person
from amends.web.alerts import drills
from amends.web.alerts.actions import channels as actions
from amends.web.alerts.dispatching import in_app
from amends.web.alerts.drills import Drilled, Proof
from amends.web.alerts.forms import ChannelForm
from amends.web.alerts.models import Attempt, Channel, ChannelKind, NoticeKind
from amends.web.alerts.raising import CHANNELS
from amends.web.alerts.telling import ATTEMPT_TONES, waiting_attempts
from amends.web.ui.pages import done, page
from amends.web.ui.parts import Tone
from amends.web.ui.refusals import complain

PROOFS: Final[dict[Proof, tuple[str, Tone]]] = {
    Proof.NEVER: ("Never drilled", ""),
    Proof.ON_ITS_WAY: ("Drill on its way", "brand"),
    Proof.ACCEPTED: ("Accepted, not confirmed yet", "brand"),
    Proof.CONFIRMED: ("Proved", "good"),
    Proof.UNCONFIRMED: ("Nobody confirmed it", "high"),
    Proof.FAILED: ("Failed its drill", "critical"),
}


@dataclass(frozen=True, slots=True)
class ChannelRow:
    """One channel as the page tells it."""

    channel: Channel
    is_in_app: bool
    is_resting: bool
    drilled: Drilled | None
    proof: str
    proof_tone: Tone
    test: Attempt | None
    """The last test."""
    test_tone: Tone
    waiting: int


@dataclass(frozen=True, slots=True)
class ChannelsContext:
    """All channels in their order."""

    rows: list[ChannelRow]
    problem: str = ""
    live: tuple[str, ...] = (CHANNELS,)


@dataclass(frozen=True, slots=True)
class ChannelContext:
    """A channel in the drawer, to be added or changed."""

    form: ChannelForm
    channel: Channel | None


@require_safe
@requires(Verb.SYSTEM_MANAGE)
def channels(request: HttpRequest) -> HttpResponse:
    """List the channels in the order in which they are tried."""
    return _list(request)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Verb.SYSTEM_MANAGE)
def new(request: HttpRequest) -> HttpResponse:
    """Add a channel."""
    form = ChannelForm(request.POST if request.method == "POST" else None)
    return _edit(request, form, None)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Verb.SYSTEM_MANAGE)
def channel(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a channel."""
    mine = _found(pk)
    known = {"name": mine.name, "person": mine.person_id}
    form = ChannelForm(request.POST if request.method == "POST" else None, known, is_new=False)
    return _edit(request, form, mine)


@require_POST
@requires(Verb.SYSTEM_MANAGE)
def test(request: HttpRequest, pk: int) -> HttpResponse:
    """Send a test; its answer shows in the list."""
    actions.send_test(current_person(request), _found(pk), timezone.now())
    return done(request, reverse("alerts:channels"), changed=CHANNELS)


@require_POST
@requires(Verb.SYSTEM_MANAGE)
def switch(request: HttpRequest, pk: int) -> HttpResponse:
    """Switch a channel on or off."""
    is_on = request.POST.get("on") == "1"
    actions.switch_channel(current_person(request), _found(pk), is_on=is_on)
    return done(request, reverse("alerts:channels"), changed=CHANNELS)


@require_POST
@requires(Verb.SYSTEM_MANAGE)
def move(request: HttpRequest, pk: int) -> HttpResponse:
    """Have it tried earlier or later."""
    actions.move_channel(current_person(request), _found(pk), up=request.POST.get("to") == "up")
    return done(request, reverse("alerts:channels"), changed=CHANNELS)


@require_POST
@requires(Verb.SYSTEM_MANAGE)
def drill(request: HttpRequest) -> HttpResponse:
    """Hold the drill now."""
    actions.hold_drill(current_person(request))
    return done(request, reverse("alerts:channels"), changed=CHANNELS)


def _found(pk: int) -> Channel:
    return get_object_or_404(Channel.objects.exclude(kind=ChannelKind.IN_APP), pk=pk)


def _edit(request: HttpRequest, form: ChannelForm, mine: Channel | None) -> HttpResponse:
    if request.method == "POST" and form.is_valid():
        told, person = form.cleaned_data, current_person(request)
        try:
            if mine is None:
                actions.add_channel(
                    person, told["name"], told["kind"], told["address"], told["person"]
                )
            else:
                actions.change_channel(person, mine, told["name"], told["address"], told["person"])
            return done(request, reverse("alerts:channels"), changed=CHANNELS)
        except ValidationError as error:
            complain(form, error)
    status = 422 if request.method == "POST" else 200
    context = ChannelContext(form, mine)
    return page(request, "alerts/channel.html", context, fragment="drawer", status=status)


def _list(request: HttpRequest) -> HttpResponse:
    in_app()
    found = list(Channel.objects.select_related("person"))
    now = timezone.now()
    drilled = {d.channel.pk: d for d in drills.last_drills(now)}
    waiting = waiting_attempts(found)
    tests = Attempt.objects.filter(notice__kind=NoticeKind.TEST, channel__in=found)
    last = {t.channel_id: t for t in tests.order_by("channel_id", "-pk").distinct("channel_id")}
    rows = []
    for c in found:
        proof = drilled[c.pk].proof if c.pk in drilled else Proof.NEVER
        label, tone = PROOFS[proof]
        attempt = last.get(c.pk)
        rows.append(
            ChannelRow(
                channel=c,
                is_in_app=c.kind == ChannelKind.IN_APP,
                is_resting=bool(c.rests_until and c.rests_until > now),
                drilled=drilled.get(c.pk),
                proof=label,
                proof_tone=tone,
                test=attempt,
                test_tone=ATTEMPT_TONES[attempt.state] if attempt else "",
                waiting=waiting.get(c.pk, 0),
            )
        )
    return page(request, "alerts/channels.html", ChannelsContext(rows), fragment="channels")
