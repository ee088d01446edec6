"""Named reads of the recommender: policy and what has been learnt, as one object."""

from datetime import datetime
from functools import lru_cache
from typing import Final

from django.db import connection

from amends.engine.recommend import (
    LearnedState,
    Policy,
    Recommender,
    load_state,
    parse_table,
    shipped_policy,
    succeeded,
)
from amends.web.recommend.models import Learned, PolicyVersion
from amends.web.ui.per_request import PerRequest

Newest = tuple[datetime | None, int]
"""When a version was last published, and how many are."""
UNLEARNT = LearnedState().version
"""The version of a recommender that has learnt nothing: evidence only."""


def recommender() -> Recommender:
    """Return the recommender in force: policy and the newest state of learning.

    One query; policy and state themselves are read once per process.
    """
    learned, newest = _in_force()
    return _with(learned, newest)


def recommender_at(version: str) -> Recommender | None:
    """Return the recommender as it was at a model version; None when that state is gone.

    Its policy is today's: the tables that held on the day of a case are still in it.
    """
    if version == UNLEARNT:
        return _with(None, _in_force()[1])
    states = Learned.objects.filter(version=version).order_by("-pk")
    pk = states.values_list("pk", flat=True).first()
    return None if pk is None else _with(pk, _in_force()[1])


def policy_in_force() -> Policy:
    """Return the shipped tables with all that was published after them."""
    return _policy(_in_force()[1])


def _read_in_force() -> tuple[int | None, Newest]:
    """Return the newest state of learning, and what tells one policy from another: one query."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT max(id) FROM recommend_learned), max(published_at), count(*)"
            " FROM recommend_policyversion WHERE published_at IS NOT NULL"
        )
        learned, at, n = cursor.fetchone()
    return learned, (at, n)


_in_force: Final = PerRequest(_read_in_force, Learned, PolicyVersion)


@lru_cache(maxsize=8)
def _policy(newest: Newest) -> Policy:
    shipped = shipped_policy()
    if not newest[1]:
        return shipped
    rows = PolicyVersion.objects.filter(published_at__isnull=False).order_by("published_at", "pk")
    newer = [parse_table(text) for text in rows.values_list("text", flat=True)]
    return Policy(succeeded(shipped.tables, newer))


@lru_cache(maxsize=4)
def _with(pk: int | None, newest: Newest) -> Recommender:
    policy = _policy(newest)
    if pk is None:
        return Recommender(policy)
    return Recommender(policy, load_state(bytes(Learned.objects.get(pk=pk).state)))
