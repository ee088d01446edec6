"""Causes, sentiment and severity of texts, with a confidence that means something."""

from .classifier import Classifier
from .clean import clean_text
from .codes import read_labels, taxonomy_from_labels
from .describe import DescribeConfig, describe
from .features import FeatureConfig
from .learn import LearnConfig, train

__all__ = [
    "Classifier",
    "DescribeConfig",
    "FeatureConfig",
    "LearnConfig",
    "clean_text",
    "describe",
    "read_labels",
    "taxonomy_from_labels",
    "train",
]
