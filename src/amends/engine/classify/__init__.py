"""Causes, sentiment and severity of texts, with a confidence that means something."""

from .calibrate import calibration_error, macro_f1
from .choose import Choice, choose_taxonomy
from .classifier import Classifier, Codebook
from .clean import clean_text
from .codes import Reading, read_labels, taxonomy_from_labels
from .correct import correct
from .describe import DescribeConfig, describe
from .drift import Agreement, Drift, Told, agreement, drift
from .features import FeatureConfig
from .language import languages
from .learn import LearnConfig, train
from .meaning import Embeds
from .parts import ToldCause, told_causes
from .regroup import regroup
from .sentiment import NEGATIVE_BELOW, POSITIVE_ABOVE, sentiment
from .severity import Severities, SeverityConfig, SeverityFacts, severity
from .severity_rules import RULES, SeverityRule

__all__ = [
    "NEGATIVE_BELOW",
    "POSITIVE_ABOVE",
    "RULES",
    "Agreement",
    "Choice",
    "Classifier",
    "Codebook",
    "DescribeConfig",
    "Drift",
    "Embeds",
    "FeatureConfig",
    "LearnConfig",
    "Reading",
    "Severities",
    "SeverityConfig",
    "SeverityFacts",
    "SeverityRule",
    "Told",
    "ToldCause",
    "agreement",
    "calibration_error",
    "choose_taxonomy",
    "clean_text",
    "correct",
    "describe",
    "drift",
    "languages",
    "macro_f1",
    "read_labels",
    "regroup",
    "sentiment",
    "severity",
    "taxonomy_from_labels",
    "told_causes",
    "train",
]
