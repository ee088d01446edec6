"""The lake of signals and the engine that queries it."""

from .lake import Lake, open_lake
from .schema import LAKE_SCHEMA

__all__ = ["LAKE_SCHEMA", "Lake", "open_lake"]
