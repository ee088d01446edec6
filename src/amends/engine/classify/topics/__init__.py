"""Topics: what is told and has no name in the taxonomy yet, with ids that last."""

from .find import TopicConfig, Topics, config_for, find_topics
from .keep import Register, keep_ids
from .name import TopicName, name_topics
from .novel import novelty
from .words import word_vectors

__all__ = [
    "Register",
    "TopicConfig",
    "TopicName",
    "Topics",
    "config_for",
    "find_topics",
    "keep_ids",
    "name_topics",
    "novelty",
    "word_vectors",
]
