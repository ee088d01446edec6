"""Alerts in words: what they are, whom they reached, and what happened to them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, cast

from django.apps import apps
from django.db.models import Count

from amends.web.accounts.models import User
from amends.web.alerts.models import (
    Alert,
    AlertState,
    Attempt,
    AttemptState,
    Channel,
    Notice,
    NoticeKind,
    NoticeState,
)
from amends.web.ui.parts import Event, Tone

AlertEvent: Final = apps.get_model("alerts", "AlertEvent")
"""Made by `pghistory.track`."""
STATE_TONES: Final[dict[str, Tone]] = {
    AlertState.RAISED: "",
    AlertState.DELIVERED: "brand",
    AlertState.ACKNOWLEDGED: "good",
    AlertState.CLOSED: "",
    AlertState.EXPIRED: "high",
}
ATTEMPT_TONES: Final[dict[str, Tone]] = {
    AttemptState.DUE: "",
    AttemptState.SENDING: "brand",
    AttemptState.DELIVERED: "good",
    AttemptState.FAILED: "critical",
    AttemptState.PASSED: "",
}


HELD_BECAUSE: Final = "It comes with the next digest: it is not grave, or many came at once."


@dataclass(frozen=True, slots=True)
class ReceiptRow:
    """One attempt as the page tells it."""

    reader: str
    why: str
    channel: str
    state: str
    tone: Tone
    at: datetime
    answer: str


def receipts(alert: Alert) -> list[ReceiptRow]:
    """Return every attempt of an alert's notices and digests, in order."""
    rows: list[ReceiptRow] = []
    for notice in alert.notices.all():
        reader = str(notice.person) if notice.person else "Whoever reads the channel"
        rows += [_receipt(reader, _why(notice), a) for a in notice.attempts.all()]
        if notice.gathered_in is not None:
            rows += [_receipt(reader, "Digest", a) for a in notice.gathered_in.attempts.all()]
        elif notice.state == NoticeState.HELD:
            rows.append(
                ReceiptRow(reader, "Digest", "", "Held", "", notice.created_at, HELD_BECAUSE)
            )
    return sorted(rows, key=lambda row: row.at)


def reached(alert: Alert) -> str:
    """Say whom it reached and how: `Priya N. by E-mail`; empty: nobody yet."""
    told: dict[str, list[str]] = {}
    for notice in alert.notices.all():
        source = notice.gathered_in or notice
        for attempt in source.attempts.all():
            if attempt.state == AttemptState.DELIVERED and notice.person:
                ways = told.setdefault(notice.person.short_name, [])
                if attempt.channel.name not in ways:
                    ways.append(attempt.channel.name)
    return "; ".join(f"{name}: {', '.join(ways)}" for name, ways in told.items())


def history(alert: Alert) -> list[Event]:
    """Return what happened to an alert, the newest first, from the audit trail."""
    rows = list(
        AlertEvent.objects.filter(pgh_obj=alert.pk)
        .order_by("pgh_id")
        .values("pgh_created_at", "state", "run", "severity", "part_of_id", "acknowledged_by_id",
                "ended_because")
    )  # fmt: skip
    people = {row["acknowledged_by_id"] for row in rows} - {None}
    names = {u.pk: str(u) for u in User.objects.filter(pk__in=people)}
    tone = cast("Tone", alert.severity)
    events = [Event("Raised", alert.raised_at, "", "bell", tone, "amends")]
    for i, after in enumerate(rows[1:], start=1):
        before, at = rows[i - 1], after["pgh_created_at"]
        if after["run"] != before["run"]:
            body = f"Severity {after['severity']}: it climbs from the beginning."
            events.append(Event("Raised again", at, body, "bell-ring", tone, "amends"))
        elif after["state"] != before["state"]:
            who = names.get(after["acknowledged_by_id"], "amends")
            label = AlertState(after["state"]).label
            is_seen = after["state"] == AlertState.ACKNOWLEDGED
            source = who if is_seen else "amends"
            icon = "eye" if is_seen else "circle-dot"
            tone_now = STATE_TONES[after["state"]] if after["state"] != "raised" else ""
            events.append(Event(label, at, after["ended_because"], icon, tone_now, source))
        if after["part_of_id"] and not before["part_of_id"]:
            events.append(Event("Explained by a breakdown", at, "", "network", "", "amends"))
    return events[::-1]


def waiting_attempts(channels: Iterable[Channel]) -> dict[int, int]:
    """Return channel → attempts that are on their way."""
    open_ones = [AttemptState.DUE, AttemptState.SENDING]
    found = Attempt.objects.filter(channel__in=channels, state__in=open_ones)
    return dict(found.order_by().values_list("channel").annotate(n=Count("pk")))


def _why(notice: Notice) -> str:
    if notice.kind != NoticeKind.ALERT:
        return notice.get_kind_display()
    return f"Step {notice.step + 1}"


def _receipt(reader: str, why: str, attempt: Attempt) -> ReceiptRow:
    return ReceiptRow(
        reader,
        why,
        attempt.channel.name,
        attempt.get_state_display(),
        ATTEMPT_TONES[attempt.state],
        attempt.ended_at or attempt.started_at or attempt.due_at,
        attempt.answer,
    )
