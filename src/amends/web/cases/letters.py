"""Letters: what a step writes to a customer, handed to the post with the step, in one transaction.

Without a post nothing is made here: people send by hand and say so.
"""

import json
from datetime import datetime
from typing import Final

from django.utils import timezone

from amends.engine.clocks import EventKind
from amends.engine.recommend.playbooks import PlaybookStep
from amends.web.cases.actions import tell
from amends.web.cases.clocks import set_deadlines
from amends.web.cases.errands import Course
from amends.web.cases.models import Case, Entry, Happening, Letter, LetterTry, Post, StepDone


def has_post() -> bool:
    """Whether letters go out by themselves."""
    return Post.objects.filter(is_on=True).exists()


def write_letter(
    step: PlaybookStep, language: str, text: str, done: StepDone, entry: Entry, now: datetime
) -> Letter:
    """Make the letter of a step that was just done; it goes out at once."""
    return Letter.objects.create(
        case=done.case,
        title=step.title,
        template=step.template,
        language=language,
        text=text,
        by=done.by,
        entry=entry,
        step_done=done,
        created_at=now,
        due_at=now,
    )


def body_of(letter: Letter) -> bytes:
    """Return what the post is told: the same bytes at every try."""
    told = {
        "type": "message.requested",
        "timestamp": letter.created_at.isoformat(),
        "data": {
            "key": str(letter.key),
            "customer_id": letter.case.customer_id,
            "case": letter.case.ref,
            "channel": letter.case.channel,
            "language": letter.language,
            "template": letter.template,
            "subject": letter.title,
            "text": letter.text,
        },
    }
    return json.dumps(told, separators=(",", ":")).encode()


def _receive(case: Case, letter: Letter) -> None:
    receipt = f"Receipt {letter.reference}" if letter.reference else ""
    tell(case, None, Happening.STATE, f"The post delivers: {letter.title}", receipt)


def _refuse(case: Case, letter: Letter) -> None:
    """Open the step again: the customer was told nothing, and clocks have to know."""
    step, letter.step_done = letter.step_done, None
    letter.save()
    if step is not None:
        step.delete()
    now = timezone.now()
    Entry.objects.create(
        case=case,
        at=now,
        kind=letter.entry.kind,
        title=f"Not delivered: {letter.title}"[:200],
        body=letter.answer,
        by_robot=True,
        takes_back=letter.entry,
    )
    answers = case.entries.filter(event=EventKind.ANSWERED, taken_back_by=None)
    if not answers.exists():
        case.acknowledged_at = None
    case.version += 1
    set_deadlines([case], now)
    case.save()


LETTERS: Final = Course(
    errands=Letter,
    tries=LetterTry,
    counterpart=Post,
    name="letter",
    case="case",
    body_of=body_of,
    receive=_receive,
    refuse=_refuse,
)
