"""Errands: each is claimed by one worker, sent without a transaction, and has a receipt.

A claim and its try are committed before anything is sent. When the worker dies between sending and
receipt, the claim runs out and the next worker sends the same bytes under the same key: the other
side counts a key once, so it happens exactly once. A receipt of any try settles the errand.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Generic, TypeVar

from django.db import transaction
from django.db.models import Count, Manager, Q
from django.utils import timezone

from amends.engine.contracts import BadInput
from amends.web.cases.actions import TOPIC
from amends.web.cases.counterpart import DEADLINE_SECONDS, LONGEST_ANSWER, Answer, tell_counterpart
from amends.web.cases.models import Case, Counterpart, Errand, ErrandState, ErrandTry
from amends.web.intake.sealing import unseal
from amends.web.ui.live import publish

log = logging.getLogger(__name__)

LOST_AFTER: Final = timedelta(seconds=3 * DEADLINE_SECONDS)
"""No try lasts as long: its worker has ended."""
FIRST_PAUSE: Final = timedelta(seconds=30)
LONGEST_PAUSE: Final = timedelta(hours=6)
MOST_TRIES: Final = 20
"""About three days; then somebody looks. The key stays the same."""
MOST_AT_ONCE: Final = 200

E = TypeVar("E", bound=Errand)
T = TypeVar("T", bound=ErrandTry)


@dataclass(frozen=True, slots=True)
class Course(Generic[E, T]):
    """How errands of one kind go: what they are, whom they are told, and what follows."""

    errands: type[E]
    tries: type[T]
    counterpart: type[Counterpart]
    name: str
    """The field of a try that is its errand."""
    case: str
    """The look-up that leads from an errand to its case."""
    body_of: Callable[[E], bytes]
    """The same bytes at every try."""
    receive: Callable[[Case, E], None]
    """What follows from a receipt."""
    refuse: Callable[[Case, E], None]
    """What follows when it is given up."""

    def run(self, clock: Callable[[], datetime] = timezone.now) -> int:
        """Send what is due, one after another; return how many receipts came.

        When the other side does not answer, the others wait for the next round.
        """
        received = 0
        for _ in range(MOST_AT_ONCE):
            counterpart = self.counterpart._default_manager.filter(is_on=True).first()  # noqa: SLF001
            attempt = self.claim(clock()) if counterpart is not None else None
            if counterpart is None or attempt is None:
                break
            answer = self.sent(counterpart, getattr(attempt, self.name))
            self.settle(attempt, answer, clock())
            received += answer.is_receipt
            if answer.status is None:
                break
        return received

    def counts(self) -> dict[str, int]:
        """Return how many errands are in each state, by its label."""
        found = self._rows().order_by().values_list("state").annotate(n=Count("pk"))
        known = dict(found.values_list("state", "n"))
        return {state.label: known.get(state.value, 0) for state in ErrandState}

    def claim(self, now: datetime) -> T | None:
        """Take the errand that has waited longest, or whose worker ended; None: nothing is due."""
        with transaction.atomic():
            due = Q(state=ErrandState.WAITING, due_at__lte=now)
            lost = Q(state=ErrandState.SENDING, claimed_at__lt=now - LOST_AFTER)
            rows = self._rows().filter(due | lost).order_by("due_at", "pk")
            mine = rows.select_for_update(skip_locked=True, of=("self",))
            errand: E | None = mine.select_related(self.case).first()
            if errand is None:
                return None
            errand.state, errand.claimed_at = ErrandState.SENDING, now
            errand.n_tries += 1
            errand.save()
            made: T = self.tries._default_manager.create(  # noqa: SLF001  (Django's own name)
                **{self.name: errand}, number=errand.n_tries, started_at=now
            )
            return made

    def settle(self, attempt: T, answer: Answer, now: datetime) -> None:
        """Write down how a try ended and what follows; what was settled before stays so."""
        with transaction.atomic():
            pk = getattr(attempt, f"{self.name}_id")
            case_pk = self._rows().filter(pk=pk).values_list(self.case, flat=True).get()
            case = Case.objects.select_for_update().get(pk=case_pk)
            errand: E = self._rows().select_for_update(of=("self",)).get(pk=pk)
            attempt.ended_at, attempt.status, attempt.answer = now, answer.status, answer.text
            attempt.save()
            is_newest = errand.n_tries == attempt.number and errand.state == ErrandState.SENDING
            if answer.is_receipt and errand.state != ErrandState.RECEIVED:
                errand.state, errand.settled_at = ErrandState.RECEIVED, now
                errand.reference, errand.answer = answer.reference, answer.text
                errand.save()
                self.receive(case, errand)
            elif is_newest:
                self._fail(case, errand, answer, now)
            publish(TOPIC)

    def sent(self, counterpart: Counterpart, errand: E) -> Answer:
        """Send it. Whatever happens there is an answer: a try without one holds it back."""
        try:
            secret = unseal(counterpart.secret)["secret"]
            body = self.body_of(errand)
            now = timezone.now()
            return tell_counterpart(counterpart.address, secret, str(errand.key), body, now)
        except BadInput as error:
            return Answer(None, f"It could not be sent: {error}"[:LONGEST_ANSWER])
        except Exception as error:
            log.exception("The %s %s could not be sent", self.name, errand.key)
            return Answer(None, f"It could not be sent ({type(error).__name__}): see the log.")

    def _fail(self, case: Case, errand: E, answer: Answer, now: datetime) -> None:
        errand.answer = answer.text
        if answer.is_final or errand.n_tries >= MOST_TRIES:
            errand.state, errand.settled_at = ErrandState.REFUSED, now
            errand.save()
            self.refuse(case, errand)
            return
        pause = min(FIRST_PAUSE * 2 ** min(errand.n_tries - 1, 12), LONGEST_PAUSE)
        asked = min(timedelta(seconds=answer.wait_seconds), LONGEST_PAUSE)
        errand.state, errand.due_at = ErrandState.WAITING, now + max(pause, asked)
        errand.save()

    def _rows(self) -> Manager[E]:
        found: Manager[E] = self.errands._default_manager  # noqa: SLF001  (Django's own name)
        return found
