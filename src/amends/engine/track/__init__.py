"""Metrics with denominators and intervals; effects with what speaks against them."""

from .catalog import MetricDefinition, catalogue
from .config import MetricConfig
from .key_figures import metric_series, metrics
from .trend import MetricSeries

__all__ = [
    "MetricConfig",
    "MetricDefinition",
    "MetricSeries",
    "catalogue",
    "metric_series",
    "metrics",
]
