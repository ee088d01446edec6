"""Writing an ONNX file: the few messages of its protobuf schema that a network is made of.

The `onnx` package would do the same with 20 MB; what is needed of the format (onnx.proto3, IR
version 8) is four kinds of message, and numbers and bytes behind a tag each.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

_TYPES: Final = {"float32": 1, "uint8": 2, "int8": 3, "int32": 6, "int64": 7}
_FLOAT, _INT, _STRING, _INTS = 1, 2, 3, 7
"""AttributeProto.AttributeType."""
_MICROSOFT: Final = "com.microsoft"

Attribute = float | int | str | Sequence[int]


@dataclass(slots=True)
class Graph:
    """A network that grows node by node; `bytes()` gives the file."""

    nodes: list[bytes] = field(default_factory=list)
    weights: list[bytes] = field(default_factory=list)
    _count: int = 0

    def weight(self, values: NDArray[Any]) -> str:
        """Keep an array in the file; return the name to use it by."""
        name = self._name()
        kind = _TYPES[str(values.dtype)]
        dims = b"".join(_number(1, size) for size in values.shape)
        data = np.ascontiguousarray(values).tobytes()
        self.weights.append(dims + _number(2, kind) + _text(8, name) + _bytes(9, data))
        return name

    def node(self, kind: str, *inputs: str, ours: bool = False, **attributes: Attribute) -> str:
        """Add an operation, return the name of its output; `ours`: one of onnxruntime's own."""
        return self.nodes_of(kind, inputs, 1, ours=ours, **attributes)[0]

    def nodes_of(
        self,
        kind: str,
        inputs: Sequence[str],
        n_outputs: int,
        *,
        ours: bool = False,
        **attributes: Attribute,
    ) -> list[str]:
        """Add an operation and return the names of its outputs."""
        outputs = [self._name() for _ in range(n_outputs)]
        parts = [_text(1, name) for name in inputs]
        parts += [_text(2, name) for name in outputs]
        parts += [_text(3, outputs[0]), _text(4, kind)]
        parts += [_bytes(5, _attribute(name, value)) for name, value in attributes.items()]
        parts += [_text(7, _MICROSOFT)] if ours else []
        self.nodes.append(b"".join(parts))
        return outputs

    def file(self, inputs: Iterable[bytes], outputs: Iterable[bytes]) -> bytes:
        """Return the ModelProto; inputs and outputs are `port`s."""
        graph = b"".join(
            [_bytes(1, node) for node in self.nodes]
            + [_text(2, "network")]
            + [_bytes(5, weight) for weight in self.weights]
            + [_bytes(11, port) for port in inputs]
            + [_bytes(12, port) for port in outputs]
        )
        opsets = [_text(1, "") + _number(2, 17), _text(1, _MICROSOFT) + _number(2, 1)]
        return b"".join(
            [_number(1, 8), _text(2, "amends"), _bytes(7, graph), *(_bytes(8, o) for o in opsets)]
        )

    def _name(self) -> str:
        self._count += 1
        return f"v{self._count}"


def port(name: str, dtype: str, dims: Sequence[int | str]) -> bytes:
    """Return the ValueInfoProto of an input or output; a dimension with a name may vary."""
    shape = b"".join(_bytes(1, _text(2, d) if isinstance(d, str) else _number(1, d)) for d in dims)
    tensor = _number(1, _TYPES[dtype]) + _bytes(2, shape)
    return _text(1, name) + _bytes(2, _bytes(1, tensor))


def _attribute(name: str, value: Attribute) -> bytes:
    head = _text(1, name)
    match value:
        case float():
            data = _tag(2, 5) + np.float32(value).tobytes()
            return head + data + _number(20, _FLOAT)
        case int():
            return head + _number(3, value) + _number(20, _INT)
        case str():
            return head + _text(4, value) + _number(20, _STRING)
        case _:
            return head + b"".join(_number(8, i) for i in value) + _number(20, _INTS)


def _tag(place: int, wire: int) -> bytes:
    return _varint(place << 3 | wire)


def _number(place: int, value: int) -> bytes:
    return _tag(place, 0) + _varint(value & 0xFFFF_FFFF_FFFF_FFFF)


def _bytes(place: int, value: bytes) -> bytes:
    return _tag(place, 2) + _varint(len(value)) + value


def _text(place: int, value: str) -> bytes:
    return _bytes(place, value.encode())


def _varint(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
