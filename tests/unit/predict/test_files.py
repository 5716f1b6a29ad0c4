"""Model files: whole or not at all, and never another model's."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from foretell.errors import ForetellError
from foretell.predict.files import read_model, write_model

FILES = {"90d.ubj": b"\x00trees", "more.json": b"{}"}


def refused(root: Path, prediction: str = "churn", model: str = "model_a") -> str:
    with pytest.raises(ForetellError) as error:
        read_model(root, prediction, model)
    return error.value.code


def test_what_was_written_is_read(tmp_path: Path) -> None:
    write_model(tmp_path, "churn", "model_a", {"kind": "binary"}, FILES)
    write_model(tmp_path, "churn", "model_a", {"kind": "value"}, FILES)
    found = read_model(tmp_path, "churn", "model_a")
    assert (found.files, found.card["kind"], found.card["model"]) == (FILES, "value", "model_a")
    assert [path.name for path in (tmp_path / "churn").iterdir()] == ["model_a"]


def test_another_models_folder_is_refused(tmp_path: Path) -> None:
    write_model(tmp_path, "churn", "model_a", {}, FILES)
    shutil.copytree(tmp_path / "churn" / "model_a", tmp_path / "churn" / "model_b")
    shutil.copytree(tmp_path / "churn" / "model_a", tmp_path / "upsell" / "model_a")
    assert refused(tmp_path, model="model_b") == "MODEL_OTHER"
    assert refused(tmp_path, prediction="upsell") == "MODEL_OTHER"


def test_another_models_file_is_refused(tmp_path: Path) -> None:
    folder = write_model(tmp_path, "churn", "model_a", {}, FILES)
    (folder / "90d.ubj").write_bytes(b"\x00other trees")
    assert refused(tmp_path) == "MODEL_OTHER"


def test_what_is_missing_broken_or_from_another_version_is_said(tmp_path: Path) -> None:
    assert refused(tmp_path) == "MODEL_MISSING"
    folder = write_model(tmp_path, "churn", "model_a", {}, FILES)
    card = json.loads((folder / "card.json").read_text())
    (folder / "card.json").write_text(json.dumps({**card, "version": 99}))
    assert refused(tmp_path) == "MODEL_VERSION"
    (folder / "card.json").write_text("{")
    assert refused(tmp_path) == "MODEL_UNREADABLE"
    write_model(tmp_path, "churn", "model_a", {}, FILES)
    (folder / "90d.ubj").unlink()
    assert refused(tmp_path) == "MODEL_MISSING"
