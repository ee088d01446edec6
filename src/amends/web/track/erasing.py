"""Outcomes stay when a customer leaves; which signals told of them is forgotten."""

from amends.web.track.models import Outcome

_TOLD_BY = ("answer_signal_id", "recontact_signal_id", "window_signal_id")


def forget_who_told(pseudonym: str) -> int:
    """Take the signals off the outcomes of the cases that were given to a pseudonym."""
    theirs = Outcome.objects.filter(case__customer_id=pseudonym)
    return theirs.update(**dict.fromkeys(_TOLD_BY))
