"""Groups of texts that mean the same, without being told how many there are.

Communities in the graph of nearest neighbours (Leiden; Traag, Waltman & van Eck 2019). One run
depends on the order in which it looks at the texts, so several runs vote: a link of the graph
counts by how often its ends came to lie together, and a last run on those votes gives the groups
(consensus clustering; Lancichinetti & Fortunato 2012).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.sparse import coo_matrix, csr_matrix
from sknetwork.clustering import Leiden

from amends.engine.classify.features import Ints, Reals

from .near import nearest

NO_TOPIC: Final = -1
_OUTER: Final = 0.1
"""Share of a topic's texts that lie outside its reach."""


@dataclass(frozen=True, slots=True)
class TopicConfig:
    """How to look for topics.

    Parameters
    ----------
    neighbours
        Links of each text in the graph.
    resolution
        Higher: more and smaller topics. 2.5 was set on the 77 intents of banking77.
    rounds
        Runs that vote.
    least_texts
        A smaller group is no topic.
    most_texts
        At most so many texts are grouped, drawn evenly; the rest goes to the topic in whose reach
        it lies.
    seed
        Of the draws.

    """

    neighbours: int = 15
    resolution: float = 2.5
    rounds: int = 10
    least_texts: int = 8
    most_texts: int = 20_000
    seed: int = 0


def config_for(n_texts: int) -> TopicConfig:
    """Return how to look for topics among so many texts.

    At one resolution groups grow with the square root of the graph (Fortunato & Barthélemy 2007):
    2.5 fits the ten thousand texts that it was set on, and would tear what few texts tell apart.
    """
    return TopicConfig(resolution=float(np.clip(2.5 * np.sqrt(n_texts / 10_000), 0.5, 2.5)))


@dataclass(frozen=True, slots=True, eq=False)
class Topics:
    """Topics of N texts, the largest first.

    Parameters
    ----------
    ids
        Numbers of the T topics.
    centroids
        float32 (T, D) of unit length.
    reach
        float32 (T,): cosine to the centroid above which a new text belongs to the topic.
    topic
        int64 (N,): the id of each text's topic, `NO_TOPIC` where it has none.

    """

    ids: tuple[int, ...]
    centroids: Reals
    reach: Reals
    topic: Ints

    def of(self, vectors: Reals) -> Ints:
        """Return the id of each vector's topic, `NO_TOPIC` outside every reach."""
        return place(vectors, self.ids, self.centroids, self.reach)


def find_topics(vectors: Reals, config: TopicConfig = TopicConfig()) -> Topics:
    """Group N vectors of unit length; zero vectors (blank texts) have no topic.

    Ids number the topics from 0, the largest first; `keep_ids` gives them those of before.
    """
    told = np.flatnonzero(np.abs(vectors).sum(axis=1) > 0)
    rng = np.random.default_rng(config.seed)
    drawn = np.sort(rng.permutation(told)[: config.most_texts])
    topic = np.full(len(vectors), NO_TOPIC, np.int64)
    if len(drawn) < max(config.least_texts, 2):
        return _topics(vectors, topic)
    group = _communities(vectors[drawn], config, rng)
    size = np.bincount(group)
    order = np.argsort(-size, kind="stable")
    number = np.full(len(size), NO_TOPIC, np.int64)
    number[order] = np.arange(len(size))
    number[size < config.least_texts] = NO_TOPIC
    topic[drawn] = number[group]
    found = _topics(vectors, topic)
    rest = np.setdiff1d(told, drawn)
    topic[rest] = found.of(vectors[rest])
    return Topics(found.ids, found.centroids, found.reach, topic)


def place(vectors: Reals, ids: tuple[int, ...], centroids: Reals, reach: Reals) -> Ints:
    """Return the id of the nearest centroid, `NO_TOPIC` where it lies out of reach."""
    if not len(ids):
        return np.full(len(vectors), NO_TOPIC, np.int64)
    near = vectors @ centroids.T
    best = near.argmax(axis=1)
    inside = near[np.arange(len(vectors)), best] >= reach[best]
    return np.where(inside, np.array(ids, np.int64)[best], NO_TOPIC)


def _communities(vectors: Reals, config: TopicConfig, rng: np.random.Generator) -> Ints:
    links = _graph(vectors, config.neighbours)
    votes = np.zeros(links.nnz)
    for _ in range(config.rounds):
        group = _leiden(links.tocsr(), config.resolution, rng)
        votes += group[links.row] == group[links.col]
    weight = (votes / max(config.rounds, 1)) ** 2 * links.data
    kept = weight > 0
    shape = links.shape
    agreed = csr_matrix((weight[kept], (links.row[kept], links.col[kept])), shape=shape)
    return _leiden(agreed, config.resolution, rng)


def _graph(vectors: Reals, neighbours: int) -> coo_matrix:
    """Return the links between each text and its nearest, both ways; weights are cosines."""
    n = len(vectors)
    most = min(neighbours + 1, n)
    near, cosine = nearest(vectors, vectors, most)
    text = np.repeat(np.arange(n), most)
    other = near.ravel()
    kept = (text != other) & (cosine.ravel() > 0)
    links = csr_matrix((cosine.ravel()[kept], (text[kept], other[kept])), shape=(n, n))
    return (links + links.T).tocoo()


def _leiden(links: csr_matrix, resolution: float, rng: np.random.Generator) -> Ints:
    if not links.nnz:
        return np.arange(links.shape[0])
    method = Leiden(
        resolution=resolution,
        shuffle_nodes=True,
        random_state=int(rng.integers(2**31)),
        sort_clusters=False,
        return_probs=False,
        return_aggregate=False,
    )
    return np.asarray(method.fit_predict(links), np.int64)


def _topics(vectors: Reals, topic: Ints) -> Topics:
    return Topics(*measure(vectors, topic), topic)


def measure(vectors: Reals, topic: Ints) -> tuple[tuple[int, ...], Reals, Reals]:
    """Return ids, centroids and reach of the topics that the texts lie in."""
    ids = np.unique(topic[topic != NO_TOPIC])
    centroids = np.zeros((len(ids), vectors.shape[1]), np.float32)
    reach = np.zeros(len(ids), np.float32)
    for k, name in enumerate(ids):
        own = vectors[topic == name]
        mean = own.sum(axis=0)
        centroids[k] = mean / max(float(np.linalg.norm(mean)), 1e-9)
        reach[k] = np.quantile(own @ centroids[k], _OUTER)
    return tuple(ids.tolist()), centroids, reach
