"""Causes, sentiment and severity of texts, with a confidence that means something."""

from .choose import Choice, choose_taxonomy
from .classifier import Classifier
from .clean import clean_text
from .codes import Reading, read_labels, taxonomy_from_labels
from .describe import DescribeConfig, describe
from .features import FeatureConfig
from .language import languages
from .learn import LearnConfig, train
from .sentiment import NEGATIVE_BELOW, POSITIVE_ABOVE, sentiment
from .severity import Severities, SeverityConfig, SeverityFacts, severity
from .severity_rules import RULES, SeverityRule

__all__ = [
    "NEGATIVE_BELOW",
    "POSITIVE_ABOVE",
    "RULES",
    "Choice",
    "Classifier",
    "DescribeConfig",
    "FeatureConfig",
    "LearnConfig",
    "Reading",
    "Severities",
    "SeverityConfig",
    "SeverityFacts",
    "SeverityRule",
    "choose_taxonomy",
    "clean_text",
    "describe",
    "languages",
    "read_labels",
    "sentiment",
    "severity",
    "taxonomy_from_labels",
    "train",
]
