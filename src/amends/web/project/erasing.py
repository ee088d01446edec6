"""Removing for good: one customer on request, and what has outlived its retention.

Everything is searched again afterwards, and the entry (`Erasure`) says what was found: nothing.
Whatever stops it half-way, running it again finishes it. Rollups and outcomes stay: they say how
many, not who.
"""

import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import pghistory
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from amends.engine.contracts import BadInput
from amends.store import reads
from amends.web.accounts.access import require
from amends.web.accounts.models import User
from amends.web.accounts.permissions import Verb
from amends.web.alerts.erasing import forget_signals
from amends.web.cases.erasing import cases_of, forget_words, take_customer_off
from amends.web.classify.erasing import forget_examples, forget_in_topics
from amends.web.intake import erasing as intake
from amends.web.intake.lake import lake
from amends.web.intake.models import Customer, Erasure, ErasureState, KeptKind, Retention
from amends.web.project.searching import search_customer, search_words
from amends.web.track.erasing import forget_who_told
from amends.web.ui.live import publish

Tick = Callable[[str, int, int], None]
IDS_AT_A_TIME = 50_000
WORDS_SEARCHED = 20
"""Verbatims of a customer that are searched for afterwards, the longest ones."""


def _silent(_stage: str, _done: int, _total: int) -> None:
    pass


def digest_of(customer_id: str) -> str:
    """Return what stands for a customer in the entries: HMAC-SHA256 under the secret key."""
    key = f"amends erasures {settings.SECRET_KEY}".encode()
    return hmac.new(key, customer_id.encode(), hashlib.sha256).hexdigest()


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a customer."""

    signals: int
    """In the lake."""
    waiting: int
    """In the inbox."""
    cases: int
    has_record: bool

    @property
    def is_known(self) -> bool:
        """Whether there is anything to erase."""
        return bool(self.signals or self.waiting or self.cases or self.has_record)


def known_of(customer_id: str) -> Known:
    """Return what is known of a customer, before anything is erased."""
    return Known(
        len(intake.ids_in_lake(customer_id)),
        intake.waiting_of(customer_id),
        cases_of(customer_id),
        Customer.objects.filter(pk=customer_id).exists(),
    )


def erase_customer(
    actor: User | None, customer_id: str, because: str, tick: Tick = _silent
) -> Erasure:
    """Remove a customer from PostgreSQL and the lake, look for what is left, and write it down.

    `actor` None is the command line, whose user owns the machine.

    Raises
    ------
    PermissionDenied
    BadInput
        Nothing is known of this customer.

    """
    if actor is not None:
        require(actor, Verb.CUSTOMER_ERASE)
    now = timezone.now()
    tick("looking for the customer", 0, 1)
    words = _longest_words(customer_id)
    is_known = words or intake.waiting_of(customer_id) or any(_left(customer_id, ()).values())
    if not is_known:
        raise BadInput(
            f"Nothing is known of customer {customer_id!r}.",
            remedy="Look the id up on one of their signals; it is written exactly as there.",
        )
    entry = Erasure.objects.create(
        customer_digest=digest_of(customer_id),
        because=because,
        asked_by=actor,
        began_at=now,
    )
    with _written_down(entry):
        removed = {"signals in the inbox": intake.take_from_inbox(customer_id, now)}
        removed["signals on the way to other causes"] = intake.take_from_relabelling(customer_id)
        pseudonym = f"erased-{secrets.token_hex(6)}"
        ids = intake.ids_in_lake(customer_id)
        tick("removing from the database", 0, 1)
        with transaction.atomic(), pghistory.context(source="erasure", erasure=entry.pk):
            intake.never_again(ids)
            removed["signals counted by rules"] = forget_signals(ids)
            removed["signals in topics"] = forget_in_topics(ids)
            removed["examples of causes"] = forget_examples(_verbatims(customer_id))
            removed["rows in quarantine"] = intake.take_from_quarantine(customer_id)
            removed["cases"] = take_customer_off(customer_id, pseudonym)
            removed["outcomes"] = forget_who_told(pseudonym)
            removed["customer records"] = intake.forget_customer(customer_id)
        tick("removing from the lake", 0, 1)
        removed["signals in the lake"] = lake().remove_signals(ids)
        _leave_no_bytes(tick)
        tick("looking for what is left", 0, 1)
        entry.removed, entry.left = removed, _left(customer_id, words)
    publish("signals")
    return entry


def keep_retention(now: datetime, tick: Tick = _silent) -> list[Erasure]:
    """Remove what has outlived its retention; return an entry for each kind that lost something."""
    entries = []
    rules = list(Retention.objects.all())
    for number, rule in enumerate(rules):
        tick("removing what has outlived its retention", number, len(rules))
        until = now - timedelta(days=rule.keep_days)
        if rule.kind == KeptKind.QUARANTINE:
            entries += _old_rows(until, now)
        else:
            entries += _old_signals(rule.kind, until, now)
    return entries


def set_retention(actor: User, kind: str, keep_days: int | None) -> None:
    """Say how long a kind of data is kept; None: for good. It takes effect in the next night."""
    require(actor, Verb.CUSTOMER_ERASE)
    with transaction.atomic():
        if keep_days is None:
            Retention.objects.filter(kind=kind).delete()
            return
        rule = Retention.objects.filter(kind=kind).first() or Retention(kind=kind)
        rule.keep_days = keep_days
        rule.full_clean()
        rule.save()


def _old_rows(until: datetime, now: datetime) -> list[Erasure]:
    n = intake.take_old_from_quarantine(until)
    if not n:
        return []
    return [
        Erasure.objects.create(
            kind=KeptKind.QUARANTINE,
            until=until,
            because="Retention",
            began_at=now,
            done_at=timezone.now(),
            state=ErasureState.DONE,
            removed={"rows in quarantine": n},
            left={"rows in quarantine": 0},
        )
    ]


def _old_signals(kind: str, until: datetime, now: datetime) -> list[Erasure]:
    ids = intake.ids_of_kind(kind, until)
    if not ids:
        return []
    entry = Erasure.objects.create(kind=kind, until=until, because="Retention", began_at=now)
    with _written_down(entry):
        words = 0
        for start in range(0, len(ids), IDS_AT_A_TIME):
            some = ids[start : start + IDS_AT_A_TIME]
            with transaction.atomic():
                intake.never_again(some)
                forget_signals(some)
                forget_in_topics(some)
                words += forget_words(some)
        gone = lake().remove_before(kind, until)
        _leave_no_bytes(_silent)
        entry.removed = {"signals in the lake": gone, "words in cases": words}
        entry.left = {"signals in the lake": len(intake.ids_of_kind(kind, until))}
    return [entry]


class _written_down:  # noqa: N801  (a context manager, which reads as a verb)
    """Keep an entry's end, whatever it is."""

    def __init__(self, entry: Erasure) -> None:
        self.entry = entry

    def __enter__(self) -> None:
        pass

    def __exit__(self, _type: object, error: BaseException | None, _trace: object) -> None:
        self.entry.state = ErasureState.FAILED if error else ErasureState.DONE
        self.entry.error = f"{type(error).__name__}: {error}"[:2000] if error else ""
        self.entry.done_at = None if error else timezone.now()
        self.entry.save()


def _verbatims(customer_id: str) -> list[str]:
    """Return what the customer wrote, as the lake has it."""
    signals = reads.where(lake().signals(), customer_id=customer_id)
    texts = lake().fetch(signals.select("verbatim"))["verbatim"].to_pylist()
    return [text for text in texts if text]


def _longest_words(customer_id: str) -> tuple[str, ...]:
    """Return pieces of what the customer wrote, long enough to be theirs alone."""
    texts = _verbatims(customer_id)
    pieces = {max(text.replace("\\", '"').splitlines(), key=len) for text in texts}
    plain = {max(piece.split('"'), key=len) for piece in pieces}
    long = sorted((p.strip() for p in plain if len(p.strip()) >= 24), key=len, reverse=True)
    return tuple(long[:WORDS_SEARCHED])


def _leave_no_bytes(tick: Tick) -> None:
    """Have the lake's old files and PostgreSQL's dead rows really gone."""
    tick("removing old files of the lake", 0, 1)
    lake().vacuum(keep_hours=0)
    tick("removing dead rows of the database", 0, 1)
    with connection.cursor() as cursor:
        if not connection.in_atomic_block:
            cursor.execute("VACUUM")


def _left(customer_id: str, words: tuple[str, ...]) -> dict[str, int]:
    """Return where the customer's id and words still stand: every text of every table, the lake."""
    signals = reads.where(lake().signals(), customer_id=customer_id)
    left = {"lake: id": int(lake().fetch(signals.count().name("n"))["n"][0].as_py())}
    left["other causes: id"] = intake.relabelling_of(customer_id)
    left |= {"any table: id": 0, "any table: words": 0}
    for table, n in search_customer(customer_id, intake.named(customer_id)).items():
        left["any table: id"] += n
        left[f"{table}: id"] = n
    for word in words:
        for table, n in search_words(_like(word)).items():
            left["any table: words"] += n
            left[f"{table}: words"] = left.get(f"{table}: words", 0) + n
    return left


def _like(word: str) -> str:
    escaped = word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"
