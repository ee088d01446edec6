"""Words, word pairs and pieces of words as one sparse, TF-IDF weighted matrix.

The same space as a union of two scikit-learn vectorisers (words 1–2, `char_wb` 3–5, sublinear
counts, smooth IDF, each block scaled to unit length), computed differently: the pieces of a word
are looked up once per distinct word and reach the documents by a sparse product, which is an order
of magnitude faster than walking every text character by character.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse import csr_matrix

_TOKEN: Final = re.compile(r"[^\W_]+(?:['’][^\W_]+)*|[!?]")
_PIECES: Final = (3, 4, 5)

Ints = NDArray[np.int64]
Reals = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class FeatureConfig:
    """What becomes a feature.

    `min_df` is the number of texts a pair or piece must occur in; words count from one on.
    `max_pairs` and `max_pieces` bound the memory of the model: the most frequent stay.
    """

    read_characters: int = 4_000
    min_df: int = 2
    max_words: int = 100_000
    max_pairs: int = 150_000
    max_pieces: int = 150_000
    piece_weight: float = 1.0
    pairs: bool = True


def tokens(text: str) -> list[str]:
    """Split a text into lower-case words; question and exclamation marks count as words."""
    return _TOKEN.findall(text.lower().replace("’", "'"))


def pieces(word: str) -> list[str]:
    """Return the 3–5 character pieces of a word with its borders marked by a space."""
    padded = f" {word[:40]} "
    n = len(padded)
    return [padded[i : i + k] for k in _PIECES for i in range(n - k + 1)] or [padded]


@dataclass(frozen=True, slots=True)
class _Batch:
    """Texts as word numbers: `word[start[i]:start[i + 1]]` is text i."""

    vocabulary: list[str]
    word: Ints
    start: Ints

    @property
    def text(self) -> Ints:
        return np.repeat(np.arange(len(self.start) - 1), np.diff(self.start))

    def counts(self) -> csr_matrix:
        """Return the texts × vocabulary counts."""
        shape = (len(self.start) - 1, len(self.vocabulary))
        ones = np.ones(len(self.word), np.float32)
        matrix = csr_matrix((ones, self.word, self.start), shape=shape)
        matrix.sum_duplicates()
        return matrix


def _read(texts: Sequence[str], limit: int) -> _Batch:
    numbers: dict[str, int] = {}
    word: list[int] = []
    start = [0]
    for text in texts:
        word.extend(numbers.setdefault(token, len(numbers)) for token in tokens(text[:limit]))
        start.append(len(word))
    return _Batch(list(numbers), np.array(word, np.int64), np.array(start, np.int64))


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """A fitted feature space: `transform` maps texts to float32 CSR rows of `width` columns."""

    config: FeatureConfig
    words: dict[str, int]
    pair_keys: Ints
    """Known pairs as first · V + second, ascending."""
    piece_ids: dict[str, int]
    word_pieces: csr_matrix
    """V × pieces counts of the known words."""
    idf: Reals
    word_list: tuple[str, ...]
    """The known words in the order of their columns."""

    @property
    def width(self) -> int:
        """Columns: words, then pairs, then pieces."""
        return len(self.idf)

    def transform(self, texts: Sequence[str]) -> csr_matrix:
        """Return the weighted rows of the texts; what is unknown is left out."""
        batch = _read(texts, self.config.read_characters)
        known = np.array([self.words.get(w, -1) for w in batch.vocabulary], np.int64)
        counts = batch.counts()
        whole = _choose(counts, known, len(self.words))
        if len(self.pair_keys):
            whole = sparse.hstack([whole, self._pairs(batch, known)], format="csr")
        parts = self._pieces(batch, counts, known)
        n_whole = whole.shape[1]
        blocks = [
            _unit(_weigh(whole, self.idf[:n_whole])),
            _unit(_weigh(parts, self.idf[n_whole:])) * np.float32(self.config.piece_weight),
        ]
        matrix = sparse.hstack(blocks, format="csr", dtype=np.float32)
        matrix.sort_indices()
        return matrix

    def phrase(self, column: int) -> str | None:
        """Return the word or pair of words behind a column; None for a piece of a word."""
        if column < len(self.word_list):
            return self.word_list[column]
        if column < len(self.word_list) + len(self.pair_keys):
            key = int(self.pair_keys[column - len(self.word_list)])
            first, second = divmod(key, len(self.word_list))
            return f"{self.word_list[first]} {self.word_list[second]}"
        return None

    def _pairs(self, batch: _Batch, known: Ints) -> csr_matrix:
        keys, text = _pair_keys(batch, known, len(self.words))
        place = np.searchsorted(self.pair_keys, keys)
        place[place == len(self.pair_keys)] = 0
        hit = self.pair_keys[place] == keys
        shape = (len(batch.start) - 1, len(self.pair_keys))
        ones = np.ones(int(hit.sum()), np.float32)
        return csr_matrix((ones, (text[hit], place[hit])), shape=shape)

    def _pieces(self, batch: _Batch, counts: csr_matrix, known: Ints) -> csr_matrix:
        total = _choose(counts, known, len(self.words)) @ self.word_pieces
        strange = np.flatnonzero(known < 0)
        if len(strange):
            vocabulary = [batch.vocabulary[i] for i in strange]
            extra = counts[:, strange] @ _piece_counts(vocabulary, self.piece_ids)
            total = total + extra
        total.sort_indices()
        return total


def fit_features(texts: Sequence[str], config: FeatureConfig) -> Features:
    """Learn words, pairs, pieces and their IDF from texts (already clean)."""
    batch = _read(texts, config.read_characters)
    n = len(texts)
    counts = batch.counts()
    word_df = np.asarray((counts > 0).sum(axis=0)).ravel()
    kept = _most_frequent(word_df, 1, config.max_words)
    words = {batch.vocabulary[i]: k for k, i in enumerate(kept)}
    known = np.full(len(batch.vocabulary), -1, np.int64)
    known[kept] = np.arange(len(kept))
    counts = _choose(counts, known, len(kept))
    pair_keys, pair_df = _fit_pairs(batch, known, config)
    piece_ids, word_pieces, piece_df = _fit_pieces(list(words), counts, config)
    df = np.concatenate([word_df[kept], pair_df, piece_df])
    idf = (np.log((1 + n) / (1 + df)) + 1).astype(np.float32)
    return Features(config, words, pair_keys, piece_ids, word_pieces, idf, tuple(words))


def _fit_pairs(batch: _Batch, known: Ints, config: FeatureConfig) -> tuple[Ints, Ints]:
    n_words = int((known >= 0).sum())
    if not config.pairs or n_words == 0:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    keys, text = _pair_keys(batch, known, n_words)
    order = np.lexsort((text, keys))
    keys, text = keys[order], text[order]
    is_first = np.ones(len(keys), bool)
    is_first[1:] = (keys[1:] != keys[:-1]) | (text[1:] != text[:-1])
    unique, df = np.unique(keys[is_first], return_counts=True)
    kept = _most_frequent(df, config.min_df, config.max_pairs)
    return unique[kept], df[kept]


def _fit_pieces(
    words: list[str], counts: csr_matrix, config: FeatureConfig
) -> tuple[dict[str, int], csr_matrix, Ints]:
    ids: dict[str, int] = {}
    for word in words:
        for piece in pieces(word):
            ids.setdefault(piece, len(ids))
    matrix = _piece_counts(words, ids)
    has = (counts > 0).astype(np.float32) @ (matrix > 0).astype(np.float32)
    df = np.asarray((has > 0).sum(axis=0)).ravel().astype(np.int64)
    kept = _most_frequent(df, config.min_df, config.max_pieces)
    names = list(ids)
    matrix = matrix[:, kept].tocsr()
    return {names[i]: k for k, i in enumerate(kept)}, matrix, df[kept]


def _pair_keys(batch: _Batch, known: Ints, n_words: int) -> tuple[Ints, Ints]:
    text, word = batch.text, known[batch.word]
    inside = (text[1:] == text[:-1]) & (word[1:] >= 0) & (word[:-1] >= 0)
    return (word[:-1] * n_words + word[1:])[inside], text[1:][inside]


def _piece_counts(words: Sequence[str], ids: dict[str, int]) -> csr_matrix:
    columns: list[int] = []
    start = [0]
    for word in words:
        columns.extend(i for i in map(ids.get, pieces(word)) if i is not None)
        start.append(len(columns))
    ones = np.ones(len(columns), np.float32)
    matrix = csr_matrix((ones, columns, start), shape=(len(words), len(ids)))
    matrix.sum_duplicates()
    return matrix


def _choose(counts: csr_matrix, target: Ints, width: int) -> csr_matrix:
    """Move column i to column target[i]; drop those with a negative target."""
    source = np.flatnonzero(target >= 0)
    ones = np.ones(len(source), np.float32)
    mover = csr_matrix((ones, (source, target[source])), shape=(len(target), width))
    return counts @ mover


def _most_frequent(df: Ints, least: int, most: int) -> Ints:
    kept = np.flatnonzero(df >= least)
    if len(kept) > most:
        kept = np.sort(kept[np.argsort(-df[kept], kind="stable")[:most]])
    return kept


def _weigh(counts: csr_matrix, idf: Reals) -> csr_matrix:
    matrix = counts.tocsr().astype(np.float32)
    matrix.sum_duplicates()
    matrix.data = (1 + np.log(matrix.data)) * idf[matrix.indices]
    return matrix


def _unit(matrix: csr_matrix) -> csr_matrix:
    length = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
    scale = np.divide(1, length, out=np.zeros_like(length), where=length > 0)
    return sparse.diags(scale.astype(np.float32)) @ matrix
