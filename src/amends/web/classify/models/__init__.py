"""What classify keeps: classifiers, what people say of labels, topics, versions of the taxonomy."""

from .labels import ClassifierChange, ClassifierVersion, ConfirmedCause, Review, Verdict
from .taxonomies import HistoryRun, TaxonomyState, TaxonomyVersion
from .topics import ModelCall, Topic, TopicMember, TopicSearch, TopicState

__all__ = [
    "ClassifierChange",
    "ClassifierVersion",
    "ConfirmedCause",
    "HistoryRun",
    "ModelCall",
    "Review",
    "TaxonomyState",
    "TaxonomyVersion",
    "Topic",
    "TopicMember",
    "TopicSearch",
    "TopicState",
    "Verdict",
]
