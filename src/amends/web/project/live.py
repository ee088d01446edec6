"""Which topics there are to follow live, and who may know that something in them changed."""

from collections.abc import Iterable, Mapping
from typing import Final

from amends.web.accounts.models import User
from amends.web.accounts.permissions import Verb

TOPICS: Final[Mapping[str, Verb]] = {
    "people": Verb.PEOPLE_READ,
    "taxonomy": Verb.CAUSE_READ,
    "topics": Verb.CAUSE_READ,
    "signals": Verb.SIGNAL_READ,
    "sources": Verb.SYSTEM_READ,
    "quarantine": Verb.SIGNAL_MEND,
    "cases": Verb.CASE_READ,
    "breakdowns": Verb.BREAKDOWN_READ,
    "alerts": Verb.ALERT_READ,
    "channels": Verb.SYSTEM_MANAGE,
    "outcomes": Verb.OUTCOME_READ,
    "fixes": Verb.FIX_READ,
    "imports": Verb.SIGNAL_IMPORT,
}
"""A new topic is one line here; actions say `publish(topic)`."""


def topics_for(person: User, asked: Iterable[str]) -> set[str]:
    """Return those of the topics asked for that exist and that the person may read."""
    return {topic for topic in asked if topic in TOPICS and person.may(TOPICS[topic])}
