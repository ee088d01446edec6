"""What the page of a topic shows: its weeks, and the cause that it would make."""

from collections.abc import Sequence
from typing import Any, Final

from amends.web.classify.in_force import classifier_in_force
from amends.web.classify.models import Topic
from amends.web.classify.verbatims import diverse
from amends.web.ui.parts import Chart

LONGEST_EXAMPLE: Final = 160
EXAMPLES: Final = 4


def suggested(mine: Topic, near: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return what the form begins with: a name of its phrases, the nearest branch, examples."""
    worded = [row for row in near if row["verbatim"]]
    phrases = [str(phrase) for phrase in mine.phrases]
    name = mine.suggested or (phrases[0] if phrases else f"Topic {mine.pk}")
    listed = " and ".join([", ".join(phrases[:-1]), phrases[-1]] if len(phrases) > 1 else phrases)
    return {
        "label": name[:1].upper() + name[1:],
        "parent": _nearest_branch([row["verbatim"] for row in worded[:EXAMPLES]]),
        "description": f"Customers speak of {listed}." if listed else "",
        "examples": "\n".join(
            " ".join(row["verbatim"].split())
            for row in diverse(worded, EXAMPLES)
            if len(row["verbatim"]) <= LONGEST_EXAMPLE
        ),
        "severity": "medium",
    }


def _nearest_branch(texts: Sequence[str]) -> str:
    """Return the branch whose causes come nearest to some texts."""
    classifier = classifier_in_force()
    if classifier is None or not texts:
        return ""
    share = classifier.probabilities(texts).sum(axis=0)
    by_branch: dict[str, float] = {}
    for path, sum_ in zip(classifier.causes, share.tolist(), strict=True):
        branch = path.rpartition("/")[0]
        by_branch[branch] = by_branch.get(branch, 0.0) + sum_
    return max(by_branch, key=lambda branch: by_branch[branch])


def weeks_chart(mine: Topic) -> Chart:
    """Return its signals by week, as bars."""
    n = len(mine.weeks)
    names = ["this week" if i == n - 1 else f"{n - 1 - i} weeks ago" for i in range(n)]
    option = {
        "grid": {"left": 8, "right": 8, "top": 12, "bottom": 4, "containLabel": True},
        "tooltip": {"trigger": "axis"},
        "xAxis": {"type": "category", "data": names, "axisTick": {"show": False}},
        "yAxis": {"type": "value", "minInterval": 1, "splitNumber": 2},
        "series": [
            {
                "type": "bar", "name": "Signals", "barMaxWidth": 28,
                "itemStyle": {"color": "$brand", "borderRadius": [2, 2, 0, 0]},
                "data": list(mine.weeks),
            }
        ],
    }  # fmt: skip
    told = ", ".join(str(week) for week in mine.weeks)
    return Chart("weeks", option, f"Signals by week, the oldest first: {told}", height=160)
