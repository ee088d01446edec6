"""How long the report page takes to be drawn and how large it is."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter

import numpy as np

from amends.flows.analyze import AnalyzeOptions, analyze_files
from amends.flows.report import render_report

Tick = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class PageFigures:
    """One page over R renderings."""

    page: str
    renderings: int
    p50_ms: float
    p95_ms: float
    size_kb: float
    analysis_s: float


def bench_pages(path: Path, renderings: int, tick: Tick) -> tuple[PageFigures, ...]:
    """Analyse a file once and draw its report again and again.

    Raises
    ------
    BadInput
        The file cannot be read.

    """
    begin = perf_counter()
    epoch = datetime(2000, 1, 1, tzinfo=UTC)
    report = analyze_files([path], AnalyzeOptions(), now=epoch, tick=tick).report
    analysis_s = perf_counter() - begin
    took = []
    page = ""
    for number in range(renderings):
        tick("drawing the page", number, renderings)
        start = perf_counter()
        page = render_report(report)
        took.append(1e3 * (perf_counter() - start))
    return (
        PageFigures(
            page="report.html",
            renderings=renderings,
            p50_ms=float(np.percentile(took, 50)),
            p95_ms=float(np.percentile(took, 95)),
            size_kb=len(page.encode()) / 1e3,
            analysis_s=analysis_s,
        ),
    )
