"""Model files: a folder per model with a card (JSON) and the library's own safe formats."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from foretell.errors import ForetellError, explain_os_errors

FORMAT = "foretell.prediction"
VERSION = 1
_CARD = "card.json"


@dataclass(frozen=True)
class StoredModel:
    """A model's card and files, checked against each other.

    Args:
        workspace: the folder of the workspace, where an estimator of its own lies.
    """

    model: str
    card: Mapping[str, Any]
    files: Mapping[str, bytes]
    workspace: Path | None = None


def write_model(root: Path, prediction: str, model: str, card: Mapping[str, Any], files: Mapping[str, bytes]) -> Path:
    """Write ``<root>/<prediction>/<model>/`` whole or not at all; returns the folder.

    A folder of the same id is replaced: the id is a hash of everything that went in.
    """
    folder = root / prediction / model
    fresh = folder.with_name(f".{model}.new")
    head = {"format": FORMAT, "version": VERSION, "prediction": prediction, "model": model}
    sums = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    with explain_os_errors(f"model {model}"):
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(parents=True)
        for name, content in files.items():
            _write(fresh / name, content)
        text = json.dumps({**head, "files": sums, **card}, indent=1, sort_keys=True, allow_nan=False)
        _write(fresh / _CARD, f"{text}\n".encode())
        shutil.rmtree(folder, ignore_errors=True)
        fresh.rename(folder)
    return folder


def card_of(root: Path, prediction: str, model: str) -> Path:
    """Where a model's card lies."""
    return root / prediction / model / _CARD


def read_model(root: Path, prediction: str, model: str, workspace: Path | None = None) -> StoredModel:
    """The model as it was written.

    Raises:
        ForetellError: ``MODEL_MISSING``, ``MODEL_UNREADABLE``, ``MODEL_VERSION``; ``MODEL_OTHER`` where
            the card or a file is that of another model.
    """
    folder = root / prediction / model
    try:
        card = json.loads((folder / _CARD).read_text("utf-8"))
        files = {name: (folder / name).read_bytes() for name in card["files"]}
    except FileNotFoundError as error:
        raise _refusal("MODEL_MISSING", "a model's file is gone", folder) from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _refusal("MODEL_UNREADABLE", "the model's card cannot be read", folder) from error
    if card.get("format") != FORMAT or card.get("version") != VERSION:
        raise _refusal("MODEL_VERSION", "the model was written by another version", folder)
    if (card.get("prediction"), card.get("model")) != (prediction, model):
        other = f"{card.get('model')} of prediction {card.get('prediction')}"
        raise _refusal("MODEL_OTHER", f"the folder holds another model, {other}", folder)
    for name, content in files.items():
        if hashlib.sha256(content).hexdigest() != card["files"][name]:
            raise _refusal("MODEL_OTHER", f"{name} is not the file that was written with this model", folder)
    return StoredModel(model, card, files, workspace)


def refuse_other(stored: StoredModel, file: str, holds: str, *, other: bool) -> None:
    """Raise ``MODEL_OTHER`` where ``other``: ``file`` says that it ``holds`` something else than this model's part."""
    if other:
        raise ForetellError(
            "MODEL_OTHER",
            f"{file} holds {holds}",
            thing=f"model {stored.model}",
            next_step="Train the prediction again, or restore its folder from a backup.",
        )


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _refusal(code: str, what: str, folder: Path) -> ForetellError:
    return ForetellError(
        code, what, where=str(folder), next_step="Train the prediction again, or restore its folder from a backup."
    )
