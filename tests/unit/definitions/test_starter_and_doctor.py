"""``init`` and ``doctor``."""

from __future__ import annotations

import os
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict

from foretell.definitions import DurationText, Finding, Kind, doctor, init, load
from foretell.errors import ForetellError, UsageError


class PredictionSpec(BaseModel):
    model_config = ConfigDict(extra="forbid")
    outcome: dict[str, Any]
    horizon: DurationText
    population: dict[str, Any]


def test_the_starter_is_a_workspace_without_problems(tmp_path, kinds):
    root = tmp_path / "müller: shop"
    written = init(root)
    assert sorted(path.relative_to(root).as_posix() for path in written) == [
        ".gitignore", "foretell.yaml", "predictions/churn.yaml", "segments/recent_buyers.yaml", "sources/.gitkeep",
    ]  # fmt: skip
    catalog, problems = load(root, [*kinds, Kind("prediction", "predictions", PredictionSpec)], environ={})
    assert problems == []
    assert sorted(catalog.documents) == [("prediction", "churn"), ("segment", "recent_buyers")]
    assert catalog.settings.name == "müller: shop"


def test_every_setting_that_the_starter_mentions_is_a_setting(tmp_path, kinds):
    init(tmp_path / "w")
    file = tmp_path / "w" / "foretell.yaml"
    lines = file.read_text().splitlines()
    file.write_text("\n".join(line[2:] if line.startswith("# ") and ":" in line else line for line in lines))
    catalog, problems = load(tmp_path / "w", kinds, environ={"SHOP_TOKEN": "t"})
    assert problems == []
    assert sorted(catalog.settings.model_fields_set) == [
        "country", "currency", "engine", "name", "secrets", "stores", "zone",
    ]  # fmt: skip


def test_a_repository_that_was_just_made_is_empty_enough(tmp_path):
    (tmp_path / ".git").mkdir()
    assert len(init(tmp_path)) == 5


def test_what_is_there_is_never_overwritten(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(UsageError) as raised:
        init(tmp_path)
    assert str(raised.value) == (
        f"{tmp_path}: the directory is not empty: it holds notes.txt. Choose a new directory; nothing was written."
    )
    assert os.listdir(tmp_path) == ["notes.txt"]
    with pytest.raises(UsageError) as refused:
        init(tmp_path / "notes.txt")
    assert refused.value.code == "NOT_A_DIRECTORY"


def test_a_healthy_workspace(workspace):
    findings = doctor(
        workspace.root,
        open_stores=lambda root, settings: f"{root.name}/{settings.stores.data} opened",
        checks=[lambda _root, _settings: [Finding("models", True, "none yet")]],
        environ={},
    )
    assert all(finding.ok for finding in findings)
    names = [finding.name for finding in findings]
    assert names[:3] == ["python", "workspace", "setting name"]
    assert names[-2:] == ["stores", "models"]
    assert f"{workspace.root.name}/data opened" in [finding.detail for finding in findings]
    assert findings[2].as_dict() == {
        "name": "setting name", "ok": True, "detail": "shop (foretell.yaml:1)", "next_step": "",
    }  # fmt: skip


def test_what_is_wrong_is_found_and_nothing_raised(workspace):
    def refuse(root, settings):
        raise ForetellError("WORKSPACE_BUSY", "somebody writes", where="data", next_step="Wait.")

    workspace.write("foretell.yaml", "zone: Mars\n")
    findings = doctor(workspace.root, open_stores=refuse, checks=[refuse], environ={})
    assert [(f.name, f.detail, f.next_step) for f in findings if not f.ok] == [
        (
            "settings UNKNOWN_ZONE",
            "foretell.yaml:1: zone: there is no time zone called 'Mars' (settings)",
            "Use an IANA name such as Europe/London or UTC.",
        ),
        ("stores", "data: somebody writes", "Wait."),
        ("WORKSPACE_BUSY", "data: somebody writes", "Wait."),
    ]


def test_where_no_workspace_is_no_stores_are_made(tmp_path):
    opened = []
    findings = doctor(tmp_path / "no", open_stores=lambda *given: str(opened.append(given)), environ={})
    assert [finding.name for finding in findings if not finding.ok] == ["workspace", "settings NO_WORKSPACE"]
    assert opened == []


@pytest.mark.parametrize(("mode", "said"), [(os.R_OK, "cannot be read"), (os.W_OK, "cannot be written to")])
def test_a_directory_without_rights(workspace, monkeypatch, mode, said):
    monkeypatch.setattr(os, "access", lambda _path, asked: not asked & mode)
    (finding,) = [finding for finding in doctor(workspace.root, environ={}) if not finding.ok]
    assert finding.detail == f"{workspace.root} {said}"
