"""What stands in ``deploy/`` holds together: files parse, commands and settings are ours, no secret is written down.

No container engine is needed for it, and none is at hand where the tests run.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from ruamel.yaml import YAML

from foretell import definitions, telemetry
from foretell.cli.commands import app
from tests.support.served_workspace import served

ENVIRONMENT = {"FORETELL_DATABASE_URL": "postgresql://foretell:secret@postgresql:5432/foretell"}
SECRETS = {"FORETELL_TOKEN", "FORETELL_METRICS_TOKEN", "POSTGRES_PASSWORD", "FORETELL_DATABASE_URL"}
OURS = ("api", "worker")


@pytest.fixture(scope="module")
def deploy(repository: Path) -> Path:
    return repository / "deploy"


def parsed(path: Path) -> Any:
    return YAML(typ="safe").load(path)


@pytest.fixture(scope="module")
def services(deploy: Path) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = parsed(deploy / "compose.yaml")["services"]
    return found


def container(deploy: Path) -> list[tuple[str, str]]:
    """(instruction, rest) of the container file, in order."""
    text = re.sub(r"\\\n", " ", (deploy / "Containerfile").read_text())
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [(line.split(None, 1)[0], line.split(None, 1)[1]) for line in lines]


def test_the_image_is_made_in_stages_and_runs_as_nobody_special(deploy: Path) -> None:
    steps = container(deploy)
    names = [rest for name, rest in steps if name == "FROM"]
    assert len(names) == 2
    assert names[0].endswith(" AS build")
    last = steps[max(place for place, step in enumerate(steps) if step[0] == "FROM") :]
    users = [rest for name, rest in last if name == "USER"]
    assert users == ["10001"]
    assert [name for name, _ in last if name in ("HEALTHCHECK", "ENTRYPOINT", "CMD")] == [
        "HEALTHCHECK", "ENTRYPOINT", "CMD",
    ]  # fmt: skip
    assert ("COPY", "--from=build /opt/foretell /opt/foretell") in last
    for name, rest in steps:
        assert name != "ADD"
        assert not re.search(r"\b(https?|ftp)://(?!127\.0\.0\.1)", rest), rest


def test_images_are_named_shortly(deploy: Path, services: dict[str, dict[str, Any]]) -> None:
    images = [rest.split()[0] for name, rest in container(deploy) if name == "FROM"]
    images += [service["image"] for service in services.values()]
    assert [image for image in images if "/" in image] == []
    assert [image for image in images if image != "foretell" and ":" not in image] == []


def test_the_extras_that_the_image_installs_are_there(deploy: Path, repository: Path) -> None:
    extras = tomllib.loads((repository / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    (named,) = [rest.partition("=")[2] for name, rest in container(deploy) if name == "ARG"]
    assert set(named.split(",")) - set(extras) == set()


def test_what_the_image_copies_is_not_left_out(repository: Path) -> None:
    left_out = {line for line in (repository / ".dockerignore").read_text().splitlines() if line and line[0] != "#"}
    assert left_out.isdisjoint({"src", "ui", "tools", "data", "pyproject.toml", "constraints.txt", "README.md"})
    assert {".git", ".venv", "src/foretell/web/static", "**/node_modules", "**/.env"} <= left_out


def test_the_built_app_is_part_of_the_package(repository: Path) -> None:
    wheel = tomllib.loads((repository / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert wheel["artifacts"] == ["src/foretell/web/static/**"]


def commands(deploy: Path, services: dict[str, dict[str, Any]]) -> Iterator[list[str]]:
    """The command lines of Foretell that run in containers."""
    yield json.loads(next(rest for name, rest in container(deploy) if name == "CMD"))
    for name in OURS:
        yield services[name]["command"]


def test_commands_are_ours_and_their_options_valid(deploy: Path, services: dict[str, dict[str, Any]]) -> None:
    group = typer.main.get_command(app)
    seen = set()
    for words in commands(deploy, services):
        context = group.make_context("foretell", list(words), resilient_parsing=False)
        command = group.get_command(context, words[0])  # type: ignore[attr-defined]
        inner = command.make_context(words[0], list(words[1:]), parent=context)
        assert inner.params["host"] == "0.0.0.0"
        seen.add(inner.params["role"])
    assert seen == {"all", "api", "worker"}


def test_the_settings_are_valid_and_name_their_stores(deploy: Path) -> None:
    read = definitions.read_settings(deploy / "workspace", ENVIRONMENT)
    assert list(read.problems) == []
    stands = definitions.engine_settings(deploy / "workspace", read.settings)
    assert stands.postgres is not None
    assert stands.postgres.url == ENVIRONMENT["FORETELL_DATABASE_URL"]


def test_secrets_come_from_the_environment_alone(deploy: Path, services: dict[str, dict[str, Any]]) -> None:
    for service in services.values():
        for name, value in (service.get("environment") or {}).items():
            if name in SECRETS:
                assert re.search(r"\$\{[A-Z_]+:\?[^}]+\}", value), name
    for path in (*deploy.rglob("*.yaml"), deploy / "Containerfile"):
        assert not re.search(r"(?i)(password|token|secret)\s*[:=]\s*[\"']?[A-Za-z0-9]{6,}", path.read_text()), path


def test_every_process_has_a_probe_limits_and_no_more_rights_than_it_needs(services: dict[str, dict[str, Any]]) -> None:
    assert {"postgresql", "api", "worker", "spark-master", "spark-worker"} == set(services)
    for name, service in services.items():
        assert service["healthcheck"]["test"], name
        limits = service["deploy"]["resources"]["limits"]
        assert {"cpus", "memory"} <= set(limits), name
        if name != "postgresql":
            assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"]), name
    for name in OURS:
        assert "/readyz" in " ".join(services[name]["healthcheck"]["test"])
        assert services[name]["depends_on"] == {"postgresql": {"condition": "service_healthy"}}
    assert services["api"]["deploy"]["replicas"] > 1


def test_volumes_are_declared(deploy: Path, services: dict[str, dict[str, Any]]) -> None:
    declared = set(parsed(deploy / "compose.yaml")["volumes"])
    used = {one.split(":")[0] for service in services.values() for one in service.get("volumes", ())}
    assert {one for one in used if not one.startswith(".")} == declared
    assert all((deploy / one).is_dir() for one in used if one.startswith("."))


def test_alerts_name_numbers_that_there_are(deploy: Path, tmp_path: Path) -> None:
    with served(tmp_path) as shop:
        told = shop.browser.get("/metrics").text
    there = set(re.findall(r"^# TYPE (foretell_\w+)", told, re.MULTILINE))
    there |= {f"{one.name}_total" for one in telemetry.INSTRUMENTS if isinstance(one, telemetry.Counter)}
    rules = [rule for group in parsed(deploy / "alerts.yaml")["groups"] for rule in group["rules"]]
    assert len(rules) >= 5
    for rule in rules:
        named = set(re.findall(r"foretell_\w+", rule["expr"]))
        assert named, rule["alert"]
        assert named - there == set(), rule["alert"]
        assert rule["annotations"]["summary"]


def test_every_number_is_explained(repository: Path, tmp_path: Path) -> None:
    text = (repository / "docs" / "operations.md").read_text()
    with served(tmp_path) as shop:
        told = shop.browser.get("/metrics").text
    there = set(re.findall(r"^# TYPE (foretell_\w+?)(?:_total)? ", told, re.MULTILINE))
    there |= {one.name for one in telemetry.INSTRUMENTS}
    explained = {name.removesuffix("_total") for name in re.findall(r"`(foretell_\w+)", text)}
    assert there - explained == set()
    assert explained - there == set()
