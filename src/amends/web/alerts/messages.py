"""What is written: plain words, what happened, how bad, where to look. No customer's words."""

from dataclasses import dataclass

from django.conf import settings
from django.core import signing
from django.urls import reverse

from amends.engine.contracts import Severity
from amends.flows.report import words
from amends.web.alerts.models import Alert, Notice, NoticeKind
from amends.web.ui.templatetags.ui import moment

SALT = "amends drill"


@dataclass(frozen=True, slots=True)
class Message:
    """Title and body as plain text."""

    title: str
    body: str


def message_of(notice: Notice) -> Message:
    """Return what a notice says as it is sent, with plain blanks: an SMS pays for others."""
    told = _message(notice)
    return Message(told.title.replace(words.NBSP, " "), told.body.replace(words.NBSP, " "))


def _message(notice: Notice) -> Message:
    match notice.kind:
        case NoticeKind.DIGEST:
            return _digest(notice)
        case NoticeKind.DRILL:
            return _drill(notice)
        case NoticeKind.TEST:
            body = "Somebody pressed “Send a test”. Nothing is broken, and nothing is to be done."
            return Message("amends: a test", f"{body}\n\n{settings.PUBLIC_URL}")
        case NoticeKind.WORD:
            parts = [notice.title, notice.detail, settings.PUBLIC_URL + notice.href]
            return Message(f"amends: {notice.title}", "\n".join(filter(None, parts)))
    assert notice.alert is not None  # noqa: S101  (every other notice has one)
    alert = notice.alert
    before = alert.notices.filter(run=notice.run, step__lt=notice.step)
    again = "Still not acknowledged: " if before.exists() else ""
    worse = "It became worse. " if alert.run > 1 else ""
    parts = [
        f"{worse}{alert.title}",
        *([alert.detail] if alert.detail else []),
        f"Severity {alert.severity} · raised {moment(alert.raised_at)}",
        *([_parts(alert)] if alert.parts.exists() else []),
        f"Acknowledge: {url_of(alert)}",
    ]
    return Message(f"{again}{_tag(alert)} {alert.title}", "\n".join(parts))


def url_of(alert: Alert) -> str:
    """Return the address of an alert for somebody outside."""
    return settings.PUBLIC_URL + reverse("alerts:alert", args=[alert.pk])


def drill_token(notice: Notice) -> str:
    """Return what proves that somebody read this drill: signed, and good for nothing else."""
    return signing.dumps(notice.pk, salt=SALT)


def _digest(notice: Notice) -> Message:
    held = Alert.objects.filter(notices__gathered_in=notice).distinct()
    alerts = sorted(held, key=lambda a: (-Severity(a.severity).rank, a.raised_at))
    open_ones = [a for a in alerts if a.waits]
    lines = [
        "\n  ".join(filter(None, (f"{_tag(a)} {a.title}", a.detail, url_of(a)))) for a in open_ones
    ]
    rest = len(alerts) - len(open_ones)
    if rest:
        lines.append(f"{words.count(rest, 'alert')} more: acknowledged or over meanwhile.")
    n = words.count(len(alerts), "alert")
    every = f"{settings.PUBLIC_URL}{reverse('alerts:alerts')}"
    return Message(f"amends: {n} together", "\n".join([*lines, "", f"All of them: {every}"]))


def _drill(notice: Notice) -> Message:
    address = reverse("alerts:drill", args=[drill_token(notice)])
    body = (
        "This is the monthly drill: it proves that alerts reach you. Nothing is broken.\n"
        f"Please confirm that it arrived: {settings.PUBLIC_URL}{address}"
    )
    return Message("amends: drill, please confirm", body)


def _parts(alert: Alert) -> str:
    n = alert.parts.count()
    return f"It explains {words.count(n, 'other alert')}."


def _tag(alert: Alert) -> str:
    return f"[{alert.severity}]"
