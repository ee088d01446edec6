"""What intake keeps: sources, inbox and ledger, quarantine, imports, erasures."""

from .imports import OPEN_IMPORTS, Import, ImportState
from .inbox import Arrival, Customer, Delivery, DeliveryState, Identity, Landing, Upkeep
from .privacy import Erasure, ErasureState, KeptKind, Retention
from .quarantine import QuarantinedRow, QuarantineState, Redrive
from .sources import (
    PullRun,
    SeenDelivery,
    Source,
    SourceToken,
    TokenScope,
    TokenUse,
    Way,
    WebhookDay,
)

__all__ = [
    "OPEN_IMPORTS",
    "Arrival",
    "Customer",
    "Delivery",
    "DeliveryState",
    "Erasure",
    "ErasureState",
    "Identity",
    "Import",
    "ImportState",
    "KeptKind",
    "Landing",
    "PullRun",
    "QuarantineState",
    "QuarantinedRow",
    "Redrive",
    "Retention",
    "SeenDelivery",
    "Source",
    "SourceToken",
    "TokenScope",
    "TokenUse",
    "Upkeep",
    "Way",
    "WebhookDay",
]
