"""Judging texts: in which language they are, how they feel. Equal texts are judged once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from foretell.listen.text import languages, linear
from foretell.listen.text.cleaning import plain
from foretell.listen.text.linear import LinearModel
from foretell.listen.text.sentiment import UNKNOWN, cuts_of, named

MODELS = Path(__file__).with_name("models")
SHIPPED = "sentiment_en"
JUDGED = pa.schema(
    [
        ("language", pa.string()),
        ("sentiment", pa.string()),
        ("probability", pa.float64()),
        ("negative", pa.float64()),
        ("neutral", pa.float64()),
        ("positive", pa.float64()),
        ("model", pa.string()),
    ]
)
OTHER = "unknown"


@lru_cache(maxsize=1)
def shipped() -> LinearModel:
    """The English model that comes with the package."""
    return linear.read(MODELS, SHIPPED)


@dataclass(frozen=True)
class Models:
    """Which model judges which language.

    Args:
        by_language: ISO 639-1 code → model; a language without one is not judged.
    """

    by_language: Mapping[str, LinearModel] = field(default_factory=lambda: {"en": shipped()})


def judge(texts: pa.Array | pa.ChunkedArray, models: Models | None = None, *, told: pa.Array | None = None) -> pa.Table:
    """Judge texts as people wrote them; one row a text, columns :data:`JUDGED`.

    ``language`` is ``unknown`` where nobody can say; ``sentiment`` is ``unknown``, and its probabilities null, where
    there is nothing to read, the language is unknown or has no model, or the model knows none of the words.

    Args:
        models: None: what comes with the package.
        told: the language that somebody said each text is in (BCP 47) or null; it counts where the text alone is too
            short to tell.
    """
    models = models or Models()
    count = len(texts)
    written = pa.table({"text": plain(texts), "told": _codes(told, count)})
    both = (
        pc.binary_join_element_wise(written["text"].fill_null(""), written["told"].fill_null(""), "\x1f")
        .combine_chunks()
        .dictionary_encode()
    )
    first = _first_places(both)
    distinct = written.take(first)
    return _judged(distinct["text"].combine_chunks(), distinct["told"].combine_chunks(), models).take(both.indices)


def _judged(texts: pa.Array, told: pa.Array, models: Models) -> pa.Table:
    found, _ = languages.detect(texts)
    language = pc.coalesce(found, told)
    empty = pc.equal(pc.utf8_length(texts.fill_null("")), 0)
    language = pc.if_else(empty, None, language)
    shares = np.full((len(texts), 3), np.nan)
    model = np.full(len(texts), None, dtype=object)
    for code in sorted(models.by_language):
        place = np.flatnonzero(pc.equal(language, code).fill_null(False).to_numpy(zero_copy_only=False))
        if len(place):
            chosen = models.by_language[code]
            rows = chosen.vocabulary.matrix(texts.take(pa.array(place)))
            known = np.diff(rows.indptr) > 0
            margins = np.asarray(rows @ chosen.coefficients + chosen.intercepts, np.float64)[:, 0]
            shares[place[known]] = cuts_of(dict(chosen.card)).shares(margins[known])
            model[place[known]] = str(chosen.card["name"])
    return _table(language, shares, model)


def _table(language: pa.Array, shares: np.ndarray, model: np.ndarray) -> pa.Table:
    known = ~np.isnan(shares[:, 0])
    sentiment, probability = np.full(len(known), UNKNOWN, dtype=object), np.full(len(known), np.nan)
    if known.any():
        sentiment[known], probability[known] = named(shares[known])
    columns = [
        language.fill_null(OTHER), pa.array(sentiment.tolist(), pa.string()), _floats(probability),
        *(_floats(shares[:, place]) for place in range(3)), pa.array(model.tolist(), pa.string()),
    ]  # fmt: skip
    return pa.Table.from_arrays(columns, schema=JUDGED)


def _floats(values: np.ndarray) -> pa.Array:
    return pa.array(np.round(values, 4), pa.float64(), from_pandas=True)


def _codes(told: pa.Array | None, count: int) -> pa.Array:
    """Languages as two or three small letters; what is no language is null."""
    if told is None:
        return pa.nulls(count, pa.string())
    found = told.combine_chunks() if isinstance(told, pa.ChunkedArray) else told
    code = pc.ascii_lower(
        pc.replace_substring_regex(found.cast(pa.string()), r"^\s*([A-Za-z]{2,3})([-_].*)?\s*$", r"\1")
    )
    return pc.if_else(pc.match_substring_regex(code.fill_null(""), r"^[a-z]{2,3}$"), code, None)


def _first_places(encoded: pa.DictionaryArray) -> pa.Array:
    """Where each distinct value stands first."""
    _, first = np.unique(encoded.indices.to_numpy(), return_index=True)
    return pa.array(first)
