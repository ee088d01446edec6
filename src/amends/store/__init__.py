"""The lake of signals and the engine that queries it."""

from .lake import Lake, open_lake
from .samples import size_for
from .schema import LAKE_SCHEMA, lake_rows, signal_rows

__all__ = ["LAKE_SCHEMA", "Lake", "lake_rows", "open_lake", "signal_rows", "size_for"]
