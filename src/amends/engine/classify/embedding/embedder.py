"""Texts to vectors of unit length, a batch at a time."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Tokenizer

from .minilm import IDS, VERSION, WEIGHTS

WIDTH: Final = 384
_BATCH: Final = 16
_READ_AT_MOST: Final = 2_000
"""Characters from which the word pieces are taken; more than they can ever fill."""

Reals = NDArray[np.float32]


def _silent(_done: int, _total: int) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Embedder:
    """A built network and its word pieces, opened at the first use in a process.

    Parameters
    ----------
    network
        What `build_network` gave, as a file.
    word_pieces
        The model's `tokenizer.json`.
    pieces
        Word pieces of a text that are looked at; words beyond them are left to other features.
    threads
        Batches that are worked on at once.

    """

    network: Path
    word_pieces: Path
    pieces: int = 64
    threads: int = 1

    @property
    def version(self) -> str:
        """What decides the vectors: the network, and how much of a text it reads."""
        return f"{VERSION}-{self.pieces}"

    def embed(self, texts: Sequence[str], tick: Callable[[int, int], None] = _silent) -> Reals:
        """Return float32 (N, 384) of unit length for clean texts; zero where a text is blank.

        Equal texts get equal vectors, to the bit, whatever else is among the texts.
        """
        out = np.zeros((len(texts), WIDTH), np.float32)
        batches = list(self._batches(texts))
        with ThreadPoolExecutor(self.threads) as pool:
            done = 0
            for (rows, _), vectors in zip(batches, pool.map(self._run, batches), strict=True):
                out[rows] = vectors
                done += len(rows)
                tick(done, len(texts))
        return out

    def _batches(self, texts: Sequence[str]) -> Iterator[tuple[list[int], NDArray[np.int64]]]:
        """Texts of the same number of word pieces together."""
        cut = [text[:_READ_AT_MOST] for text in texts]
        pieces = [e.ids for e in _tokenizer(self.word_pieces, self.pieces).encode_batch_fast(cut)]
        by_length: dict[int, list[int]] = defaultdict(list)
        for row, ids in enumerate(pieces):
            if len(ids) > 2:  # more than the marks of begin and end
                by_length[len(ids)].append(row)
        for rows in by_length.values():
            for start in range(0, len(rows), _BATCH):
                part = rows[start : start + _BATCH]
                yield part, np.array([pieces[row] for row in part], np.int64)

    def _run(self, batch: tuple[list[int], NDArray[np.int64]]) -> Reals:
        ids = batch[1]
        n_texts, length = ids.shape
        even = np.full((n_texts, 1, length), 1 / length, np.float32)
        (mean,) = _session(self.network).run(None, {IDS: ids, WEIGHTS: even})
        vectors: Reals = mean / np.linalg.norm(mean, axis=1, keepdims=True)
        return vectors


@lru_cache(maxsize=2)
def _session(network: Path) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(network, options, providers=["CPUExecutionProvider"])


@lru_cache(maxsize=2)
def _tokenizer(file: Path, pieces: int) -> Tokenizer:
    tokenizer = Tokenizer.from_file(str(file))
    tokenizer.no_padding()
    tokenizer.enable_truncation(pieces)
    return tokenizer
