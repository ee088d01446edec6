"""Topics: what is told and has no name in the taxonomy yet, with ids that last."""

from .find import TopicConfig, Topics, find_topics
from .keep import Register, keep_ids
from .name import TopicName, name_topics
from .novel import novelty

__all__ = [
    "Register",
    "TopicConfig",
    "TopicName",
    "Topics",
    "find_topics",
    "keep_ids",
    "name_topics",
    "novelty",
]
