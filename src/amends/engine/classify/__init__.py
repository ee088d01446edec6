"""Causes, sentiment and severity of texts, with a confidence that means something."""

from .calibrate import calibration_error, macro_f1
from .choose import Choice, choose_taxonomy
from .classifier import Classifier, Codebook
from .clean import clean_text
from .codes import Reading, read_labels, taxonomy_from_labels
from .describe import DescribeConfig, describe
from .features import FeatureConfig
from .language import languages
from .learn import LearnConfig, train
from .meaning import Embeds
from .sentiment import NEGATIVE_BELOW, POSITIVE_ABOVE, sentiment
from .severity import Severities, SeverityConfig, SeverityFacts, severity
from .severity_rules import RULES, SeverityRule

__all__ = [
    "NEGATIVE_BELOW",
    "POSITIVE_ABOVE",
    "RULES",
    "Choice",
    "Classifier",
    "Codebook",
    "DescribeConfig",
    "Embeds",
    "FeatureConfig",
    "LearnConfig",
    "Reading",
    "Severities",
    "SeverityConfig",
    "SeverityFacts",
    "SeverityRule",
    "calibration_error",
    "choose_taxonomy",
    "clean_text",
    "describe",
    "languages",
    "macro_f1",
    "read_labels",
    "sentiment",
    "severity",
    "taxonomy_from_labels",
    "train",
]
