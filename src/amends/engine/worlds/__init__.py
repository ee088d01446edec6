"""Simulated companies with planted truth: the test, the demo and the game of every phase."""

from .directory import CUSTOMER_SCHEMA
from .fixes import FixSeries
from .outcomes import Prospect
from .reading import world_names
from .signals import LABEL_SCHEMA, Chunk
from .truth import ActionEffect, Decoy, PlantedBreakdown, PlantedFix, Truth
from .world import Play, World, read_world

__all__ = [
    "CUSTOMER_SCHEMA",
    "LABEL_SCHEMA",
    "ActionEffect",
    "Chunk",
    "Decoy",
    "FixSeries",
    "PlantedBreakdown",
    "PlantedFix",
    "Play",
    "Prospect",
    "Truth",
    "World",
    "read_world",
    "world_names",
]
