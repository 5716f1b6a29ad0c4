"""Tables of a lake as Delta tables too: each keeps a transaction log that names the files of the newest state.

The manifests stay what counts; a table's log (``tables/<name>/_delta_log``) follows every state, so that whatever reads
Delta Lake reads ``tables/<name>``. A log that lags behind, was cut off, or was written to by others is brought to the
state when the lake is next written. Written after the Delta Transaction Log Protocol (reader 3, writer 7,
``timestampNtz``): https://github.com/delta-io/delta/blob/master/PROTOCOL.md.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any
from urllib.parse import quote
from uuid import NAMESPACE_URL, uuid5

import pyarrow as pa
import pyarrow.parquet as pq

from foretell.engine.lake.manifests import LakeTable
from foretell.engine.lake.places import Place

LOG = "_delta_log"
CHECKPOINT_EVERY = 50
_TYPES = {
    "BIGINT": "long",
    "INTEGER": "integer",
    "DOUBLE": "double",
    "BOOLEAN": "boolean",
    "TIMESTAMP": "timestamp_ntz",
    "VARCHAR": "string",
}
_PROTOCOL = {
    "minReaderVersion": 3,
    "minWriterVersion": 7,
    "readerFeatures": ["timestampNtz"],
    "writerFeatures": ["timestampNtz"],
}
_WORDS = pa.map_(pa.string(), pa.string())
_LIST = pa.list_(pa.string())
_CHECKPOINT = pa.schema(
    [
        ("protocol", pa.struct([("minReaderVersion", pa.int32()), ("minWriterVersion", pa.int32()),
                                ("readerFeatures", _LIST), ("writerFeatures", _LIST)])),
        ("metaData", pa.struct([("id", pa.string()), ("name", pa.string()),
                                ("format", pa.struct([("provider", pa.string()), ("options", _WORDS)])),
                                ("schemaString", pa.string()), ("partitionColumns", _LIST), ("configuration", _WORDS),
                                ("createdTime", pa.int64())])),
        ("add", pa.struct([("path", pa.string()), ("partitionValues", _WORDS), ("size", pa.int64()),
                           ("modificationTime", pa.int64()), ("dataChange", pa.bool_()), ("stats", pa.string())])),
    ]
)  # fmt: skip


@dataclass(frozen=True)
class _Logged:
    """What a log says: its last version (-1: there is none), the schema, and path → what was said of a file."""

    version: int = -1
    schema: str = ""
    files: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


class DeltaLog:
    """The transaction logs of a lake's tables; one process writes them, the lake's writer."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._known: dict[str, _Logged] = {}

    def follow(self, tables: Mapping[str, LakeTable], root: str) -> None:
        """Bring the logs of ``tables`` to what the lake's newest state says, one commit a table that differs."""
        for name, table in tables.items():
            while not self._committed(f"{root}/{name}", name, table):
                self._known.pop(name, None)  # somebody else has written to the log: read it again

    def _committed(self, folder: str, name: str, table: LakeTable) -> bool:
        found = self._known.get(name) or _replayed(self._place, folder)
        schema = _schema_string(table)
        wanted = {quote(file.name.removeprefix(f"{folder}/")): file for file in table.files}
        gone = [path for path in found.files if path not in wanted]
        fresh = {path: _add(path, file.size, file.rows) for path, file in wanted.items() if path not in found.files}
        self._known[name] = found
        if found.version >= 0 and schema == found.schema and not gone and not fresh:
            return True
        actions: list[dict[str, Any]] = [{"commitInfo": {"operation": "WRITE", "engineInfo": "foretell"}}]
        if found.version < 0:
            actions.append({"protocol": _PROTOCOL})
        if schema != found.schema:
            actions.append({"metaData": _meta_data(name, schema)})
        actions += [{"remove": {"path": path, "dataChange": True}} for path in gone]
        actions += [{"add": one} for one in fresh.values()]
        number = found.version + 1
        content = "\n".join(json.dumps(one, ensure_ascii=False) for one in actions)
        if not self._place.create(f"{folder}/{LOG}/{number:020d}.json", content.encode()):
            return False
        files = {path: one for path, one in found.files.items() if path in wanted} | fresh
        self._known[name] = _Logged(number, schema, files)
        if number and number % CHECKPOINT_EVERY == 0:
            self._checkpoint(folder, name, self._known[name])
        return True

    def _checkpoint(self, folder: str, name: str, logged: _Logged) -> None:
        """Write the whole state of a log as one file, and remove what readers no longer need."""
        rows: list[dict[str, Any]] = [
            {"protocol": _PROTOCOL},
            {"metaData": _meta_data(name, logged.schema)},
            *({"add": dict(one)} for one in logged.files.values()),
        ]
        buffer = BytesIO()
        pq.write_table(pa.Table.from_pylist(_with_pairs(rows), schema=_CHECKPOINT), buffer)
        self._place.write(f"{folder}/{LOG}/{logged.version:020d}.checkpoint.parquet", buffer.getvalue())
        told = json.dumps({"version": logged.version, "size": len(rows)}).encode()
        self._place.write(f"{folder}/{LOG}/_last_checkpoint", told)
        for one in self._place.names(f"{folder}/{LOG}"):
            number = one.rsplit("/", 1)[-1].split(".")[0]
            if number.isdecimal() and int(number) < logged.version - CHECKPOINT_EVERY:
                self._place.remove(one)


def _replayed(place: Place, folder: str) -> _Logged:
    names = [one.rsplit("/", 1)[-1] for one in place.names(f"{folder}/{LOG}")]
    checkpoints = sorted(one for one in names if one.endswith(".checkpoint.parquet") and len(one) == 39)
    version, schema, files = -1, "", dict[str, Mapping[str, Any]]()
    actions: list[dict[str, Any]] = []
    if checkpoints:
        version = int(checkpoints[-1][:20])
        content = place.read(f"{folder}/{LOG}/{checkpoints[-1]}") or b""
        actions = pq.read_table(pa.BufferReader(content)).to_pylist(maps_as_pydicts="lossy")
    commits = sorted(
        int(one[:20]) for one in names if len(one) == 25 and one.endswith(".json") and one[:20].isdecimal()
    )
    for number in (one for one in commits if one > version):
        content = place.read(f"{folder}/{LOG}/{number:020d}.json") or b""
        actions += [json.loads(line) for line in content.decode().splitlines() if line]
        version = number
    for action in actions:
        if told := action.get("metaData"):
            schema = told["schemaString"]
        if told := action.get("remove"):
            files.pop(told["path"], None)
        if told := action.get("add"):
            files[told["path"]] = told
    return _Logged(version, schema, files)


def _add(path: str, size_bytes: int, rows: int) -> dict[str, Any]:
    return {
        "path": path, "partitionValues": {}, "size": size_bytes, "modificationTime": 0, "dataChange": True,
        "stats": json.dumps({"numRecords": rows}),
    }  # fmt: skip


def _meta_data(name: str, schema: str) -> dict[str, Any]:
    return {
        "id": str(uuid5(NAMESPACE_URL, f"foretell:{name}")), "name": name,
        "format": {"provider": "parquet", "options": {}}, "schemaString": schema,
        "partitionColumns": [], "configuration": {}, "createdTime": 0,
    }  # fmt: skip


def _schema_string(table: LakeTable) -> str:
    fields = [
        {"name": name, "type": _TYPES[kind], "nullable": True, "metadata": {}} for name, kind in table.columns.items()
    ]
    return json.dumps({"type": "struct", "fields": fields})


def _with_pairs(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows with their maps as pairs, as Arrow builds maps from."""
    return [{name: _paired(told) for name, told in row.items()} for row in rows]


def _paired(told: Mapping[str, Any]) -> dict[str, Any]:
    maps = {"partitionValues", "options", "configuration"}
    return {
        name: list(value.items()) if name in maps else _paired(value) if isinstance(value, dict) else value
        for name, value in told.items()
    }
