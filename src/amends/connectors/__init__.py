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
from .delighted import webhook as delighted_webhook
from .freshdesk import webhook as freshdesk_webhook
from .generic import webhook as generic_webhook
from .hooking import Webhook
from .intercom import webhook as intercom_webhook
from .medallia import webhook as medallia_webhook
from .qualtrics import webhook as qualtrics_webhook
from .zendesk import webhook as zendesk_webhook

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


_WEBHOOKS: Final[Mapping[str, Webhook]] = MappingProxyType(
    {
        webhook.name: webhook
        for webhook in (
            zendesk_webhook.WEBHOOK,
            intercom_webhook.WEBHOOK,
            freshdesk_webhook.WEBHOOK,
            qualtrics_webhook.WEBHOOK,
            delighted_webhook.WEBHOOK,
            medallia_webhook.WEBHOOK,
        )
    }
)


def webhook_of(name: str) -> Webhook:
    """Return how a connector delivers by webhook; those of no vendor are the generic one."""
    return _WEBHOOKS.get(name, generic_webhook.WEBHOOK)


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
