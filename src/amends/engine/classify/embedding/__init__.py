"""Sentence embeddings on a CPU: all-MiniLM-L6-v2 in int8, the same vector in every batch."""

from .embedder import WIDTH, Embedder
from .minilm import VERSION, build_network

__all__ = ["VERSION", "WIDTH", "Embedder", "build_network"]
