"""The real network, built once from the installed package."""

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.special import erf, softmax
from tests.engine.classify.complaints import causes_of, complaints, texts_of
from tokenizers import Tokenizer

from amends.engine.classify import Classifier, train
from amends.engine.classify.embedding import Embedder, build_network
from amends.engine.contracts import BadInput
from amends.flows.embedding import find_embedder
from amends.flows.learning import dump_classifier, load_classifier


@pytest.fixture(scope="module")
def embedder(tmp_path_factory: pytest.TempPathFactory) -> Embedder:
    found = find_embedder(tmp_path_factory.mktemp("embeddings"), threads=2)
    assert found is not None
    return found


@pytest.fixture(scope="module")
def learnt(embedder: Embedder) -> Classifier:
    rows = complaints(160, 1)
    return train(
        texts_of(rows), [c.replace("/", " ") for c in causes_of(rows)], None, embedder=embedder
    )


def test_near_in_meaning_is_near_in_space(embedder: Embedder) -> None:
    parcel, package, password = embedder.embed(
        ["The parcel never came", "my package has not been delivered", "I forgot my password"]
    )
    assert float(parcel @ package) > 0.5
    assert float(parcel @ password) < 0.2


def test_whole_numbers_give_what_the_full_network_gives(embedder: Embedder) -> None:
    texts = ["The parcel never came, and nobody answers!", "ok", "A man is eating food."]
    full = np.stack([_full_network(embedder, text) for text in texts])
    assert ((full * embedder.embed(texts)).sum(axis=1) > 0.975).all()


def _full_network(embedder: Embedder, text: str) -> np.ndarray:
    """BERT (Devlin et al. 2019) in 32-bit floats, written down once more."""
    w = _weights(embedder.word_pieces.with_name("model.safetensors"))
    ids = Tokenizer.from_file(str(embedder.word_pieces)).encode(text)
    pieces = [i for i, used in zip(ids.ids, ids.attention_mask, strict=True) if used]
    x = w["embeddings.word_embeddings.weight"][pieces]
    x = x + w["embeddings.position_embeddings.weight"][: len(x)]
    x = _norm(x + w["embeddings.token_type_embeddings.weight"][0], w, "embeddings.LayerNorm")
    for layer in range(6):
        name = f"encoder.layer.{layer}"
        q, k, v = (
            _linear(x, w, f"{name}.attention.self.{part}").reshape(len(x), 12, 32).swapaxes(0, 1)
            for part in ("query", "key", "value")
        )
        seen = softmax(q @ k.swapaxes(1, 2) / np.sqrt(32), axis=2) @ v
        seen = _linear(
            seen.swapaxes(0, 1).reshape(len(x), 384), w, f"{name}.attention.output.dense"
        )
        x = _norm(x + seen, w, f"{name}.attention.output.LayerNorm")
        inner = _linear(x, w, f"{name}.intermediate.dense")
        inner = inner * (1 + erf(inner / np.sqrt(2))) / 2
        x = _norm(x + _linear(inner, w, f"{name}.output.dense"), w, f"{name}.output.LayerNorm")
    mean = x.mean(axis=0)
    unit: np.ndarray = mean / np.linalg.norm(mean)
    return unit


def _weights(file: Path) -> dict[str, np.ndarray]:
    data = file.read_bytes()
    size = int.from_bytes(data[:8], "little")
    head = json.loads(data[8 : 8 + size])
    return {
        name: np.frombuffer(
            data, "<f4", count=int(np.prod(e["shape"])), offset=8 + size + e["data_offsets"][0]
        ).reshape(e["shape"])
        for name, e in head.items()
        if e.get("dtype") == "F32"
    }


def _linear(x: np.ndarray, w: dict[str, np.ndarray], name: str) -> np.ndarray:
    out: np.ndarray = x @ w[f"{name}.weight"].T + w[f"{name}.bias"]
    return out


def _norm(x: np.ndarray, w: dict[str, np.ndarray], name: str) -> np.ndarray:
    centred = x - x.mean(axis=1, keepdims=True)
    unit = centred / np.sqrt(centred.var(axis=1, keepdims=True) + 1e-12)
    out: np.ndarray = unit * w[f"{name}.weight"] + w[f"{name}.bias"]
    return out


def test_a_text_has_the_same_vector_in_any_company(embedder: Embedder) -> None:
    texts = [*texts_of(complaints(60, 3)), "", "😡", "x " * 3_000, "\x00"]
    together = embedder.embed(texts)
    assert together.shape == (64, 384)
    for i in (0, 7, 31, 60, 61, 62):
        assert (embedder.embed([texts[i]])[0] == together[i]).all()
    assert (embedder.embed(texts[::-1])[::-1] == together).all()
    length = np.linalg.norm(together, axis=1)
    assert length[:60] == pytest.approx(1, abs=1e-5)
    assert length[60] == 0


def test_doubtful_texts_are_looked_at_twice(learnt: Classifier) -> None:
    assert learnt.looks_twice
    assert learnt.model_version.startswith("words-and-meaning-")
    assert any("looked at twice" in note for note in learnt.report.notes)
    # none of these words was ever seen with a label
    unseen = "our shipment took ages to turn up"
    words = load_classifier(dump_classifier(learnt))
    assert not words.looks_twice
    of = dict(zip(learnt.causes, learnt.probabilities([unseen])[0].tolist(), strict=True))
    assert of["post_late"] > 0.4
    assert of["post_late"] + of["post_lost"] > 0.8


def test_labels_do_not_depend_on_the_batch(learnt: Classifier) -> None:
    texts = [*texts_of(complaints(30, 9)), "our shipment took ages to turn up", "money gone"]
    together = learnt.label(texts)
    for i, text in enumerate(texts):
        alone = learnt.label([text])
        assert alone.best[0] == together.best[i]
        assert alone.confidence[0] == together.confidence[i]


def test_a_kept_classifier_takes_its_embedding_again(
    learnt: Classifier, embedder: Embedder
) -> None:
    again = load_classifier(dump_classifier(learnt), embedder)
    texts = texts_of(complaints(20, 4))
    assert (again.label(texts).confidence == learnt.label(texts).confidence).all()
    other = Embedder(embedder.network, embedder.word_pieces, pieces=32)
    assert not load_classifier(dump_classifier(learnt), other).looks_twice


def test_weights_that_are_none_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "model.safetensors"
    file.write_bytes(b"no weights at all")
    with pytest.raises(BadInput, match="cannot be read"):
        build_network(file)
    head = json.dumps({"pooler": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}).encode()
    file.write_bytes(len(head).to_bytes(8, "little") + head + b"\x00" * 4)
    with pytest.raises(BadInput, match="not all-MiniLM-L6-v2"):
        build_network(file)
