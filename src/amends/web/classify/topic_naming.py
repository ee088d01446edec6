"""Names that a language model gives to topics, where an installation has one; marked as such."""

from datetime import datetime
from typing import Final

from django.conf import settings

from amends.web.classify.language_model import ModelUnavailable, is_on, name_for
from amends.web.classify.models import Topic, TopicState
from amends.web.intake.lake import lake

MOST_TEXTS: Final = 6


def suggest_names(now: datetime) -> int:
    """Have the topics of the newest search named that have no such name; return how many got one.

    The first failure ends it: a model that is down would cost its patience for every topic.
    """
    if not is_on():
        return 0
    named = 0
    for topic in Topic.objects.filter(last_found_at=now, state=TopicState.OPEN, suggested=""):
        nearest = topic.members.order_by("-nearness").values_list("signal_id", flat=True)
        ids = [name.hex for name in nearest[:MOST_TEXTS]]
        rows = lake().by_id(ids).select(["signal_id", "verbatim"]).to_pylist()
        said = {row["signal_id"]: row["verbatim"] or "" for row in rows}
        try:
            name = name_for(topic.phrases, [said[i] for i in ids if said.get(i)], now)
        except ModelUnavailable:
            break
        if name:
            Topic.objects.filter(pk=topic.pk).update(
                suggested=name, suggested_by=settings.LLM_MODEL[:120]
            )
            named += 1
    return named
