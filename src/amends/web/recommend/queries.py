"""Named reads of the recommender: policy and what has been learnt, as one object."""

from functools import lru_cache

from amends.engine.recommend import LearnedState, Recommender, load_state, shipped_policy
from amends.web.recommend.models import Learned

UNLEARNT = LearnedState().version
"""The version of a recommender that has learnt nothing: evidence only."""


def recommender() -> Recommender:
    """Return the recommender in force: the shipped policy and the newest state of learning.

    One query; the state itself is read once per process.
    """
    return _with(Learned.objects.order_by("-pk").values_list("pk", flat=True).first())


def recommender_at(version: str) -> Recommender | None:
    """Return the recommender as it was at a model version; None when that state is gone."""
    if version == UNLEARNT:
        return _with(None)
    states = Learned.objects.filter(version=version).order_by("-pk")
    pk = states.values_list("pk", flat=True).first()
    return None if pk is None else _with(pk)


@lru_cache(maxsize=4)
def _with(pk: int | None) -> Recommender:
    policy = shipped_policy()
    if pk is None:
        return Recommender(policy)
    return Recommender(policy, load_state(bytes(Learned.objects.get(pk=pk).state)))
