"""The layers of policy: which tables there are, what each decides, and what it may look at."""

from datetime import date
from itertools import pairwise
from typing import Final

from amends.engine.contracts import BadInput

from .facts import COURTESY
from .parts import HitPolicy
from .table import Table

LAYERS: Final = ("eligibility", "limits", "ceiling", "approvals", "practice")
"""Beside the entitlements: the tables that decide what is done."""

COURSE: Final = ("severity", "follow_up")
"""Tables that say how a case goes, before and after it is decided what is done."""


def require_layer(table: Table) -> None:
    """Refuse a table that belongs to no layer or decides something else than its layer."""
    where = f"policy table {table.name}"
    layer = "entitlement" if table.name.startswith("entitlement") else table.name
    if layer not in _OUTPUTS:
        remedy = f"Tables are entitlement…, {', '.join((*LAYERS, *COURSE))}."
        raise BadInput(f"{table.name} is no layer of the policy.", where=where, remedy=remedy)
    named = tuple(column.name for column in table.outputs)
    if (named, table.hit) not in [(_OUTPUTS[layer], hit) for hit in _HITS[layer]]:
        raise BadInput(
            f"It decides {', '.join(named)} ({table.hit}).",
            where=where,
            remedy=f"{layer} decides {', '.join(_OUTPUTS[layer])} ({' or '.join(_HITS[layer])}).",
        )


_ONE_ROW: Final = (HitPolicy.FIRST, HitPolicy.UNIQUE)
_OUTPUTS: Final = {
    "entitlement": ("owed", "ask"),
    "eligibility": ("action", "share"),
    "limits": ("limit",),
    "ceiling": ("ceiling",),
    "approvals": ("approver",),
    "practice": ("action", "share"),
    "severity": ("severity",),
    "follow_up": ("follow_up", "after_days"),
}
_HITS: Final = {
    "entitlement": _ONE_ROW,
    "eligibility": (HitPolicy.COLLECT,),
    "limits": (HitPolicy.COLLECT_MIN,),
    "ceiling": (HitPolicy.COLLECT_MIN,),
    "approvals": _ONE_ROW,
    "practice": _ONE_ROW,
    "severity": _ONE_ROW,
    "follow_up": _ONE_ROW,
}
_FOLLOWS_HARM: Final = ("entitlement", "severity")
"""Layers that never look at what may change courtesy only."""


def require_fair(table: Table) -> None:
    """Refuse a table that follows harm and looks at what may change courtesy only."""
    forbidden = sorted(COURTESY & {c.name for c in table.inputs})
    if table.name.startswith(_FOLLOWS_HARM) and forbidden:
        raise BadInput(
            f"It looks at {', '.join(forbidden)}.",
            where=f"policy table {table.name}",
            remedy="What is owed, and severity, follows the harm; use eligibility for courtesy.",
        )


def require_one_version_a_day(tables: tuple[Table, ...]) -> None:
    """Refuse tables of which two versions hold on one day."""
    ordered = sorted(tables, key=lambda t: (t.name, t.effective_from))
    for one, next_ in pairwise(ordered):
        ends = one.effective_to or date.max
        if one.name == next_.name and next_.effective_from <= ends:
            raise BadInput(
                f"Versions {one.version} and {next_.version} both hold on {next_.effective_from}.",
                where=f"policy table {one.name}",
                remedy="End one before the other begins.",
            )
