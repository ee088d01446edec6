"""The map of causes and the flow from cause to outcome, as parts of a page."""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from django.urls import reverse

from amends.engine.contracts import ActionKind
from amends.flows.report import words
from amends.flows.report.sentences import ACTIONS
from amends.web.intake.filters import Filters
from amends.web.intake.naming import cause_label
from amends.web.reports.queries import RESULTS, CauseCount, Way
from amends.web.ui.parts import Bar, Branch, Chart
from amends.web.ui.treemap import Leaf, treemap

MOST_BRANCHES: Final = 7
"""Branches on the map and in the flow; the others together are "Other causes"."""
MOST_ACTIONS: Final = 6
LEAST_SHARE: Final = 0.02
"""Part of the cases below which an action is told with the other small ones."""
MOST_LEAVES: Final = 9
MOST_BARS: Final = 8
RAMP_TOP: Final = 0.6
"""Share of severe signals at which the ramp is at its end."""
STEPS: Final = 5
RESULT_LABELS: Final[Mapping[str, tuple[str, str]]] = {
    "recovered": ("Recovered", "$good"),
    "not_known": ("Not known", "$muted"),
    "not_satisfied": ("Not satisfied", "$medium"),
    "came_back": ("Came back", "$high"),
    "left": ("Left", "$critical"),
}
RESULT_STATES: Final[Mapping[str, str]] = {
    "recovered": "recovered",
    "not_known": "resolved",
    "not_satisfied": "not_recovered",
    "came_back": "not_recovered",
    "left": "lost",
}


@dataclass(frozen=True, slots=True)
class CauseMap:
    """Causes by size and by how severe they are: tiles, and bars where there is no room."""

    branches: tuple[Branch, ...]
    bars: tuple[Bar, ...]
    n: int


def cause_map(counts: Sequence[CauseCount], filters: Filters) -> CauseMap:
    """Lay out the causes of a period; each tile and bar leads to its cause."""
    by_branch: dict[str, list[CauseCount]] = defaultdict(list)
    for count in counts:
        by_branch[count.path.partition("/")[0]].append(count)
    sizes = {branch: sum(c.n for c in members) for branch, members in by_branch.items()}
    shown = sorted(sizes, key=lambda b: -sizes[b])[:MOST_BRANCHES]
    branches = treemap(
        [
            (
                cause_label(branch),
                words.number(sizes[branch]),
                [_leaf(count, filters) for count in by_branch[branch][:MOST_LEAVES]],
            )
            for branch in shown
        ]
    )
    most = counts[0].n if counts else 1
    bars = tuple(
        Bar(cause_label(c.path), _text(c), c.n / most, _step(c), cause_url(c.path, filters))
        for c in counts[:MOST_BARS]
    )
    return CauseMap(branches, bars, sum(sizes.values()))


def cause_url(path: str, filters: Filters) -> str:
    """Return the address of a cause under these filters."""
    return reverse("classify:cause", args=[path]) + filters.query(cause="")


def flow_chart(ways: Sequence[Way], filters: Filters, *, leads_to_cases: bool) -> Chart | None:
    """Return the flow from branches of causes through actions to results; None without cases.

    Each node leads to its page; a result to its cases, or to outcomes for who reads no cases.
    """
    if not ways:
        return None
    n = sum(way.n for way in ways)
    branches = _largest(ways, lambda way: way.branch, MOST_BRANCHES - 1)
    actions = _largest(ways, lambda way: way.action, MOST_ACTIONS, least=LEAST_SHARE * n)
    first: Counter[tuple[str, str]] = Counter()
    second: Counter[tuple[str, str]] = Counter()
    for way in ways:
        branch = way.branch if way.branch in branches else OTHER
        action = way.action if way.action in actions else OTHER
        first[f"c:{branch}", f"a:{action}"] += way.n
        second[f"a:{action}", f"r:{way.result}"] += way.n
    links = [*first.items(), *second.items()]
    sizes = _sizes(first, second)
    nodes = [_node(key, n, filters) for key, n in sizes.items()]
    if not leads_to_cases:
        outcomes = reverse("track:outcomes") + filters.query()
        nodes = [n | {"page": outcomes} if n["name"][0] == "r" else n for n in nodes]
    return Chart("flow", _sankey(nodes, links), _flow_label(ways, n), height=340)


OTHER: Final = "other"
UNKNOWN: Final = ""


def _leaf(count: CauseCount, filters: Filters) -> Leaf:
    label = cause_label(count.path)
    return Leaf(label, count.n, _text(count), _step(count), cause_url(count.path, filters))


def _text(count: CauseCount) -> str:
    return f"{words.number(count.n)} · {words.percent(count.severe_share, 0)}"


def _step(count: CauseCount) -> int:
    return 1 + min(int(count.severe_share / RAMP_TOP * STEPS), STEPS - 1)


def _largest(
    ways: Sequence[Way], of: Callable[[Way], str], most: int, *, least: float = 0
) -> set[str]:
    """Return what most cases went through; the rest is told together."""
    sizes: Counter[str] = Counter()
    for way in ways:
        sizes[of(way)] += way.n
    return {name for name, n in sizes.most_common(most) if n >= least}


def _sizes(first: Counter[tuple[str, str]], second: Counter[tuple[str, str]]) -> dict[str, int]:
    """Return the size of every node in the order they stand: large first, results good to bad."""
    causes: Counter[str] = Counter()
    actions: Counter[str] = Counter()
    results: Counter[str] = Counter()
    for (cause, action), n in first.items():
        causes[cause] += n
        actions[action] += n
    for (_, result), n in second.items():
        results[result] += n
    ordered = [*causes.most_common(), *actions.most_common()]
    ended = [(f"r:{r}", results[f"r:{r}"]) for r in RESULTS if results[f"r:{r}"]]
    return dict([*ordered, *ended])


def _node(key: str, n: int, filters: Filters) -> dict[str, Any]:
    part, _, name = key.partition(":")
    if part == "c":
        label = {OTHER: "Other causes", UNKNOWN: "Cause not known"}.get(name) or cause_label(name)
        page = (
            cause_url(name, filters) if name not in {OTHER, UNKNOWN} else reverse("classify:causes")
        )
        colour = "$brand"
    elif part == "a":
        is_other = name == OTHER
        label, colour = "Other actions" if is_other else ACTIONS[ActionKind(name)], "$brand-soft"
        page = reverse("track:outcomes") + filters.query(action="" if is_other else name)
    else:
        label, colour = RESULT_LABELS[name]
        asked = {"tab": "closed", "state": RESULT_STATES[name], **filters.dims}
        cause = {"cause": filters.cause} if filters.cause else {}
        page = f"{reverse('cases:queue')}?{urlencode(asked | cause)}"
    return {
        "name": key,
        "value": n,
        "page": page,
        "itemStyle": {"color": colour},
        "label": {"formatter": f"{label}  {n:,}", "position": "left" if part == "r" else "right"},
        "tooltip": {"formatter": f"{label}: {words.count(n, 'case')}"},
    }


def _sankey(
    nodes: list[dict[str, Any]], links: Sequence[tuple[tuple[str, str], int]]
) -> dict[str, Any]:
    names = {node["name"]: node["tooltip"]["formatter"].rpartition(":")[0] for node in nodes}
    return {
        "tooltip": {"trigger": "item"},
        "series": [
            {
                "type": "sankey",
                "left": 2,
                "right": 2,
                "top": 6,
                "bottom": 6,
                "nodeWidth": 10,
                "nodeGap": 12,
                "draggable": False,
                "layoutIterations": 0,
                "emphasis": {"focus": "adjacency"},
                "label": {"color": "$text", "fontSize": 12},
                "lineStyle": {"color": "$flow", "opacity": 0.45, "curveness": 0.5},
                "data": nodes,
                "links": [
                    {
                        "source": source,
                        "target": target,
                        "value": n,
                        "lineStyle": _line(target),
                        "tooltip": {
                            "formatter": f"{names[source]} → {names[target]}: "
                            f"{words.count(n, 'case')}"
                        },
                    }
                    for (source, target), n in links
                ],
            }
        ],
    }


def _line(target: str) -> dict[str, Any]:
    """Colour what led to a result by the result; the rest is neutral."""
    part, _, name = target.partition(":")
    if part != "r" or name == "not_known":
        return {"color": "$flow", "opacity": 0.45}
    return {"color": RESULT_LABELS[name][1], "opacity": 0.25}


def _flow_label(ways: Sequence[Way], n: int) -> str:
    results = Counter[str]()
    for way in ways:
        results[way.result] += way.n
    told = [f"{RESULT_LABELS[r][0].lower()} {results[r]:,}" for r in RESULTS if results[r]]
    return (
        f"{words.count(n, 'resolved case')} from cause through action to result: {', '.join(told)}"
    )
