"""How fast a file becomes signals, and in how much memory."""

import resource
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from amends.connectors import detect_preset
from amends.connectors.files import open_table
from amends.engine.signals import clean, normalise, understand

Tick = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class IngestFigures:
    """What was measured; memory is the peak of the process in MB."""

    rows: int
    signals: int
    duplicate: int
    quarantined: int
    seconds: float
    signals_per_s: float
    memory_mb: float


def bench_ingest(path: Path, tick: Tick) -> IngestFigures:
    """Read, understand, normalise, redact and clean one file.

    Raises
    ------
    BadInput
        The file cannot be read.

    """
    begin = perf_counter()
    raw = open_table(path)
    preset = detect_preset(raw.columns.column_names)
    normalised = normalise(raw, understand(raw, preset), source=path.name, tick=tick)
    cleaned = clean(normalised.signals)
    seconds = perf_counter() - begin
    return IngestFigures(
        rows=normalised.read,
        signals=len(cleaned.signals),
        duplicate=cleaned.duplicates,
        quarantined=len(normalised.quarantined),
        seconds=seconds,
        signals_per_s=len(cleaned.signals) / seconds,
        memory_mb=peak_memory_mb(),
    )


def peak_memory_mb() -> float:
    """Return the most memory that this process has held, in MB."""
    unit = 1e6 if sys.platform == "darwin" else 1e3
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
