"""What a lake holds at one moment: a numbered manifest, published whole or not at all.

``manifests/000000000042.json`` names every file of every table. A reader takes the newest; what an older one names
stays for a while (see :meth:`~foretell.engine.lake.Lake.vacuum`), so that whoever has begun to read can end.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from foretell.engine.lake.places import Place
from foretell.errors import ForetellError

FOLDER = "manifests"
_FORM = 1


@dataclass(frozen=True)
class LakeFile:
    """A Parquet file.

    Args:
        name: relative to the lake.
        part: the month (``2026-03``) of its rows, or empty where the table is not cut by months.
        ranges: column → least and greatest value (int64) of those columns that rows are left out by.
    """

    name: str
    rows: int
    size: int
    part: str = ""
    ranges: Mapping[str, tuple[int, int]] = field(default_factory=dict)


@dataclass(frozen=True)
class LakeTable:
    """A table: its columns in order, name → SQL type, and its files, the older ones first."""

    columns: Mapping[str, str]
    files: tuple[LakeFile, ...] = ()

    def with_files(self, gone: set[str], fresh: tuple[LakeFile, ...]) -> LakeTable:
        """Without the files called ``gone``, with ``fresh`` ones behind the rest."""
        return replace(self, files=(*(one for one in self.files if one.name not in gone), *fresh))


@dataclass(frozen=True)
class Manifest:
    """One state of the lake.

    Args:
        version: counts up by one with every state.
        last_batch: number of the last recorded batch that is in it.
    """

    version: int = 0
    last_batch: int = 0
    tables: Mapping[str, LakeTable] = field(default_factory=dict)

    def names(self) -> set[str]:
        """The names of all its files."""
        return {file.name for table in self.tables.values() for file in table.files}

    def with_tables(self, tables: Mapping[str, LakeTable], last_batch: int) -> Manifest:
        """The next state."""
        return Manifest(self.version + 1, last_batch, {**self.tables, **tables})


class Manifests:
    """The manifests of a lake."""

    def __init__(self, place: Place) -> None:
        self._place = place

    def numbers(self) -> list[int]:
        """Numbers of those that are there, in order."""
        names = [name.rsplit("/", 1)[-1] for name in self._place.names(FOLDER)]
        return sorted(int(name[:-5]) for name in names if name.endswith(".json") and name[:-5].isdecimal())

    def newest(self) -> Manifest:
        """The state of now; an empty one where nothing was published.

        Raises:
            ForetellError: ``LAKE_DAMAGED``.
        """
        while numbers := self.numbers():
            try:
                return self.read(numbers[-1])
            except FileNotFoundError:  # it was removed since, and a newer one is there
                continue
        return Manifest()

    def read(self, number: int) -> Manifest:
        """The state ``number``; raises FileNotFoundError where it is gone, ForetellError ``LAKE_DAMAGED``."""
        content = self._place.read(_name(number))
        if content is None:
            raise FileNotFoundError(_name(number))
        return _read(number, content, self._place.address(_name(number)))

    def publish(self, manifest: Manifest) -> None:
        """Let ``manifest`` be the state of now.

        Raises:
            ForetellError: ``LAKE_TAKEN`` where somebody else has published that version.
        """
        if not self._place.create(_name(manifest.version), _written(manifest)):
            raise ForetellError(
                "LAKE_TAKEN", f"another process has published version {manifest.version} of the lake",
                where=self._place.address(FOLDER), next_step="Let one leader write; this one stops.", transient=True,
            )  # fmt: skip

    def remove(self, number: int) -> None:
        """Remove one."""
        self._place.remove(_name(number))


def _name(number: int) -> str:
    return f"{FOLDER}/{number:012d}.json"


def _written(manifest: Manifest) -> bytes:
    body = json.dumps(asdict(manifest), separators=(",", ":"), ensure_ascii=False)
    return json.dumps({"form": _FORM, "crc": zlib.crc32(body.encode()), "lake": body}).encode()


def _read(number: int, content: bytes, where: str) -> Manifest:
    try:
        told: dict[str, Any] = json.loads(content)
        form = told["form"]
        if form > _FORM:
            raise ForetellError(
                "WORKSPACE_TOO_NEW", "this lake was written by a newer release", where=where,
                next_step="Install that release, or restore a backup.",
            )  # fmt: skip
        body: str = told["lake"]
        if zlib.crc32(body.encode()) != told["crc"]:
            raise ValueError("its sum is another one")
        found = json.loads(body)
        tables = {name: _table(one) for name, one in found["tables"].items()}
        if found["version"] != number:
            raise ValueError(f"it is version {found['version']}")
        return Manifest(number, found["last_batch"], tables)
    except (ValueError, KeyError, TypeError) as error:
        raise ForetellError(
            "LAKE_DAMAGED", f"a manifest of the lake is not as it was written: {error}", where=where,
            next_step="Restore a backup.",
        ) from error  # fmt: skip


def _table(told: Mapping[str, Any]) -> LakeTable:
    files = tuple(
        LakeFile(
            one["name"], one["rows"], one["size"], one["part"], {k: (v[0], v[1]) for k, v in one["ranges"].items()}
        )
        for one in told["files"]
    )
    return LakeTable(dict(told["columns"]), files)
