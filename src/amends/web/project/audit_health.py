"""Checks of the audit trail: guarded, chained, and whole."""

from datetime import timedelta
from typing import Final

from django.db import DatabaseError
from django.utils import timezone

from amends.web.audit.models import Loose
from amends.web.audit.verifying import Head, missing_triggers, verify
from amends.web.project.findings import Finding, State, first_line

CHAINING_IS_LATE: Final = timedelta(minutes=10)


def check_audit() -> Finding:
    """Look whether the audit trail is guarded and chained; `check_trail` proves all of it."""
    try:
        unguarded = missing_triggers()
        oldest = Loose.objects.order_by("pk").values_list("at", flat=True).first()
    except DatabaseError as error:
        return Finding("Audit", State.BROKEN, f"It cannot be looked up: {first_line(error)}")
    if unguarded:
        remedy = "Find out who removed them; `amends migrate` does not put them back."
        return Finding("Audit", State.BROKEN, f"{unguarded[0]}.", remedy)
    if oldest is not None and timezone.now() - oldest > CHAINING_IS_LATE:
        return Finding(
            "Audit",
            State.WARNING,
            f"Entries wait to be chained since {oldest:%-d %b %H:%M} UTC.",
            "The worker does so every minute; its log says why it does not.",
        )
    return Finding("Audit", State.WELL, "Guarded; `amends doctor --audit` proves all of it")


def check_trail(noted: str = "") -> list[Finding]:
    """Prove the whole audit trail, and that a head noted before (NUMBER:HASH) still stands in it.

    Raises
    ------
    BadInput
        `noted` is no head.
    """
    known = Head.read(noted) if noted else None
    try:
        verdict = verify(known)
    except DatabaseError as error:
        return [Finding("Audit trail", State.BROKEN, f"It cannot be read: {first_line(error)}")]
    if verdict.is_whole:
        told = f"{verdict.links:,} links, whole; head {verdict.head or 'none yet'}"
        return [Finding("Audit trail", State.WELL, told)]
    remedy = "Keep database and log as they are, and compare with a backup or an export."
    return [Finding("Audit trail", State.BROKEN, f"{text}.", remedy) for text in verdict.breaks]
