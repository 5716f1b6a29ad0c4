"""A linear model of texts in two files: numbers as ``.npz`` (read without pickle) and a card as JSON.

The margin of a text is the sum of its features' weights plus the class's own. The files of two trainings on the same
rows are the same byte by byte.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from foretell.errors import ForetellError, explain_os_errors
from foretell.listen.text.features import Vocabulary

Array = npt.NDArray[Any]
FORMAT, VERSION = "foretell.text", 1
_PACKED_AT = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class LinearModel:
    """Weights of features.

    Args:
        coefficients: (features, classes) float32; one column where there are two classes.
        intercepts: (classes,) float32.
        card: what it is, by what it was trained and how good it is; plain JSON values.
    """

    vocabulary: Vocabulary
    coefficients: npt.NDArray[np.float32]
    intercepts: npt.NDArray[np.float32]
    card: Mapping[str, Any]

    def margins(self, texts: pa.Array) -> npt.NDArray[np.float64]:
        """(texts, classes) of plain texts."""
        found = self.vocabulary.matrix(texts) @ self.coefficients + self.intercepts
        return np.asarray(found, np.float64)


def write(folder: Path, name: str, model: LinearModel) -> None:
    """Write ``NAME.npz`` and ``NAME.json``; the card is written last, so that it never speaks of other numbers."""
    arrays: dict[str, Array] = {
        "keys": model.vocabulary.keys,
        "weight": model.vocabulary.weight.astype(np.float16),
        "coefficients": model.coefficients.astype(np.float16),
        "intercepts": model.intercepts,
    }
    write_arrays(folder, name, arrays, model.card)


def read(folder: Path, name: str) -> LinearModel:
    """The model as it was written; see :func:`read_arrays` for errors."""
    arrays, card = read_arrays(folder, name, ("keys", "weight", "coefficients", "intercepts"))
    vocabulary = Vocabulary(arrays["keys"], arrays["weight"].astype(np.float32))
    return LinearModel(vocabulary, arrays["coefficients"].astype(np.float32), arrays["intercepts"], card)


def write_arrays(folder: Path, name: str, arrays: Mapping[str, Array], card: Mapping[str, Any]) -> None:
    """Write arrays and their card, the same bytes for the same values."""
    content = packed(arrays)
    told = {"format": FORMAT, "version": VERSION, **card, "sha256": hashlib.sha256(content).hexdigest()}
    with explain_os_errors(f"text model {name}"):
        folder.mkdir(parents=True, exist_ok=True)
        for path, one in (
            (folder / f"{name}.npz", content),
            (folder / f"{name}.json", (json.dumps(told, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()),
        ):
            fresh = path.with_name(f".{path.name}.new")
            fresh.write_bytes(one)
            fresh.replace(path)


def read_arrays(folder: Path, name: str, wanted: Sequence[str]) -> tuple[dict[str, Array], dict[str, Any]]:
    """Arrays and card.

    Raises:
        ForetellError: ``TEXT_MODEL_UNREADABLE``, ``TEXT_MODEL_VERSION``; ``TEXT_MODEL_OTHER`` where the numbers are
            not those that were written with the card.
    """
    path = folder / f"{name}.npz"
    try:
        card = json.loads((folder / f"{name}.json").read_text("utf-8"))
        content = path.read_bytes()
    except (OSError, ValueError) as error:
        raise _refused("TEXT_MODEL_UNREADABLE", "a text model cannot be read", path) from error
    if card.get("format") != FORMAT or card.get("version") != VERSION:
        raise _refused("TEXT_MODEL_VERSION", "the text model was written by another version", path)
    if card.get("sha256") != hashlib.sha256(content).hexdigest():
        raise _refused("TEXT_MODEL_OTHER", "the numbers are not those that were written with this card", path)
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as stored:
            return {one: stored[one] for one in wanted}, card
    except (ValueError, KeyError, zipfile.BadZipFile) as error:
        raise _refused("TEXT_MODEL_UNREADABLE", "a text model cannot be read", path) from error


def packed(arrays: Mapping[str, Array]) -> bytes:
    """An ``.npz`` in which nothing but the values counts: no time, no order of making."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in sorted(arrays):
            one = io.BytesIO()
            np.lib.format.write_array(one, np.ascontiguousarray(arrays[name]), allow_pickle=False)
            entry = zipfile.ZipInfo(f"{name}.npy", _PACKED_AT)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, one.getvalue())
    return whole.getvalue()


def _refused(code: str, what: str, path: Path) -> ForetellError:
    return ForetellError(code, what, where=str(path), next_step="Train it again: `foretell text train`.")
