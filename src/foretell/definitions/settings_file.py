"""Reading ``foretell.yaml``: environment references, and where each value came from."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from foretell.definitions.positions import NodePath, Plain, Positions
from foretell.definitions.problem import Problem
from foretell.definitions.settings import SETTINGS_FILE, WorkspaceSettings
from foretell.definitions.wording import translate
from foretell.definitions.yaml_text import read_yaml
from foretell.errors import ForetellError, explain_os_errors

_REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


@dataclass(frozen=True)
class ReadSettings:
    """Settings with the origin of every value: ``default``, ``foretell.yaml:3`` or
    ``environment variable NAME (foretell.yaml:3)``, by dotted name."""

    settings: WorkspaceSettings
    origins: Mapping[str, str]
    problems: tuple[Problem, ...] = ()


def read_settings(root: Path, environ: Mapping[str, str]) -> ReadSettings:
    """The settings of the workspace at ``root``; what is wrong falls back to its default.

    Args:
        environ: the environment that ``${NAME}`` is read from.
    """
    data, problem = _bytes(root)
    if problem is not None:
        return _settled({}, {}, Positions(SETTINGS_FILE), [problem])
    read = read_yaml(data, SETTINGS_FILE)
    problems = [problem for problem in read.problems if problem.code != "EMPTY_FILE"]
    raw, positions = read.documents[0] if read.documents else ({}, Positions(SETTINGS_FILE))
    for _, second in read.documents[1:]:
        message = "the settings are one document, and here begins another"
        next_step = "Move it into the folder of its kind."
        problems.append(Problem("BAD_VALUE", message, "settings", second.at(), next_step))
    if not isinstance(raw, dict):
        message, next_step = "the settings must be a mapping", "Write 'name: my-company'."
        problems.append(Problem("WRONG_TYPE", message, "settings", positions.at(), next_step))
        raw = {}
    problems.extend(_open_secrets(raw, positions))
    used: dict[NodePath, str] = {}
    return _settled(_resolve(raw, (), environ, used, positions, problems), used, positions, problems)


def _bytes(root: Path) -> tuple[bytes, Problem | None]:
    try:
        with explain_os_errors("settings"):
            return (root / SETTINGS_FILE).read_bytes(), None
    except ForetellError as error:
        if error.code != "FILE_MISSING":
            return b"", Problem(error.code, error.what, "settings", error.where, error.next_step)
        next_step = "Run `foretell init DIR` to start a workspace, or name one with --workspace DIR."
        message = f"there is no {SETTINGS_FILE} here"
        return b"", Problem("NO_WORKSPACE", message, "workspace", str(root), next_step)


def _settled(
    raw: dict[str, Any], used: Mapping[NodePath, str], positions: Positions, problems: list[Problem]
) -> ReadSettings:
    """Validate; where that fails, drop the refused top-level parts and use their defaults."""
    refused: set[int | str] = set()
    if isinstance(raw.get("secrets"), dict):  # what is no text was reported, and must not be shown again
        raw = {**raw, "secrets": {k: v for k, v in raw["secrets"].items() if isinstance(v, str)}}
    try:
        settings = WorkspaceSettings.model_validate(raw)
    except ValidationError as error:
        problems = problems + translate(
            error, model=WorkspaceSettings, raw=raw, under=(), positions=positions, thing="settings"
        )
        refused = {detail["loc"][0] for detail in error.errors()}
        settings = WorkspaceSettings.model_validate({k: v for k, v in raw.items() if k not in refused})
    origins = {}
    for path, _ in leaves(settings):
        place = positions.at(path) if path in positions.lines and path[0] not in refused else "default"
        variable = used.get(path) if place != "default" else None
        place = f"environment variable {variable} ({place})" if variable else place
        origins[".".join(map(str, path))] = place
    doubts = [
        Problem(code, what, "settings", positions.at(("sending", *path)), next_step, "warning")
        for code, path, what, next_step in settings.sending.doubts()
    ]
    return ReadSettings(settings, origins, (*problems, *doubts))


def leaves(section: BaseModel, under: NodePath = ()) -> Iterator[tuple[NodePath, Any]]:
    """Every setting with its path; secrets one by one."""
    for attribute, field in type(section).model_fields.items():
        name, value = field.alias or attribute, getattr(section, attribute)
        if isinstance(value, BaseModel):
            yield from leaves(value, (*under, name))
        elif isinstance(value, dict):
            yield from (((*under, name, str(key)), item) for key, item in value.items())
        else:
            yield (*under, name), value


def _resolve(
    value: Plain,
    path: NodePath,
    environ: Mapping[str, str],
    used: dict[NodePath, str],
    positions: Positions,
    problems: list[Problem],
) -> Plain:
    """``value`` with every ``${NAME}`` replaced; remembers in ``used`` which path read which variable."""
    if isinstance(value, dict):
        return {key: _resolve(item, (*path, key), environ, used, positions, problems) for key, item in value.items()}
    if not isinstance(value, str):
        return value
    for name in _REFERENCE.findall(value):
        used[path] = name
        if name not in environ:
            problems.append(
                Problem(
                    "MISSING_VARIABLE",
                    f"the environment variable {name} is not set",
                    "settings",
                    positions.at(path),
                    f"Set it: export {name}=…",
                )
            )
    return _REFERENCE.sub(lambda found: environ.get(found[1], ""), value)


def _open_secrets(raw: Mapping[str, Any], positions: Positions) -> Iterator[Problem]:
    secrets = raw.get("secrets")
    for name, value in secrets.items() if isinstance(secrets, dict) else ():
        if not isinstance(value, str) or not _REFERENCE.fullmatch(value):
            yield Problem(
                "SECRET_IN_FILE",
                f"the secret {name!r} must be read from the environment",
                "settings",
                positions.at(("secrets", name)),
                f"Put it into an environment variable and write {name}: ${{{name.upper()}}}.",
            )
