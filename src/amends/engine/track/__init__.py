"""Metrics with denominators and intervals; effects with what speaks against them."""

from .catalog import MetricDefinition, catalogue
from .config import MetricConfig
from .key_figures import metric_series, metrics, metrics_over_time
from .theme import ThemeImpact, theme_impact
from .trend import MetricSeries
from .working_time import WorkingHours

__all__ = [
    "MetricConfig",
    "MetricDefinition",
    "MetricSeries",
    "ThemeImpact",
    "WorkingHours",
    "catalogue",
    "metric_series",
    "metrics",
    "metrics_over_time",
    "theme_impact",
]
