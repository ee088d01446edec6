"""Connectors: each maps its source's fields to Signal and nothing more.

One folder per source, which knows none of the others. This list is all that knows them.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from amends.engine.contracts import BadInput, Preset
from amends.engine.signals import same_name

from . import (
    amends,
    cfpb,
    delighted,
    freshdesk,
    intercom,
    medallia,
    qualtrics,
    salesforce,
    zendesk,
)

_PRESETS: Final[Mapping[str, Preset]] = MappingProxyType(
    {
        preset.name: preset
        for preset in (
            amends.PRESET,
            cfpb.PRESET,
            delighted.PRESET,
            freshdesk.PRESET,
            freshdesk.RATINGS,
            intercom.PRESET,
            medallia.PRESET,
            qualtrics.PRESET,
            salesforce.PRESET,
            zendesk.PRESET,
            zendesk.CSAT,
        )
    }
)


def presets() -> Mapping[str, Preset]:
    """Return every preset by name."""
    return _PRESETS


def preset_named(name: str) -> Preset:
    """Return a preset by name.

    Raises
    ------
    BadInput
        There is none of that name.

    """
    if name not in _PRESETS:
        raise BadInput(
            f"There is no preset {name!r}.",
            where="--preset",
            remedy=f"The presets are: {', '.join(_PRESETS)}; or leave it out.",
        )
    return _PRESETS[name]


def preset_for(wanted: str, columns: Iterable[str]) -> Preset | None:
    """Return the preset that was asked for: "auto" finds it by the columns, "none" is none.

    Raises
    ------
    BadInput
        There is none of that name.

    """
    if wanted == "none":
        return None
    return detect_preset(columns) if wanted == "auto" else preset_named(wanted)


def detect_preset(columns: Iterable[str]) -> Preset | None:
    """Return the preset whose fingerprint all stands among the columns; the most telling one."""
    names = {same_name(column) for column in columns}
    fitting = [
        preset
        for preset in _PRESETS.values()
        if {same_name(column) for column in preset.fingerprint} <= names
    ]
    known = {p.name: sum(same_name(f.column) in names for f in p.fields) for p in fitting}
    return max(fitting, key=lambda preset: known[preset.name], default=None)
