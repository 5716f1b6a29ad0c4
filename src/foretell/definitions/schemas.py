"""JSON schemas of whole documents, for editors, the API and forms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from foretell.definitions.documents import Kind
from foretell.definitions.texts import KEY_PATTERN

NAMED = "x-foretell"
"""In a model's field: the name of a schema that another room has of what stands there."""


def schema(kind: Kind, named: Mapping[str, Mapping[str, Any]] | None = None, *, draft: bool = False) -> dict[str, Any]:
    """JSON schema (draft 2020-12) of a document of ``kind``: ``kind``, ``key``, ``spec`` and ``ui``.

    Args:
        named: schemas, by name, of what fields marked with :data:`NAMED` hold; their ``$defs`` go along.
        draft: the loose schema of a draft, where the kind has drafts.
    """
    model = kind.draft if draft and kind.draft is not None else kind.model
    spec = model.model_json_schema(by_alias=True)
    shared = spec.pop("$defs", {})
    document: dict[str, Any] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": kind.name,
        "description": f"A document of kind {kind.name}; it lies in {kind.folder}/.",
        "type": "object",
        "additionalProperties": False,
        "required": ["kind", "key", "spec"],
        "properties": {
            "kind": {"const": kind.name},
            "key": {"type": "string", "pattern": KEY_PATTERN, "description": "Its name for references."},
            "spec": spec,
            "ui": {"type": "object", "description": "Positions on the canvas; no part of the meaning."},
        },
    }
    used: dict[str, Any] = {}
    document, shared = _filled(document, named or {}, used), _filled(shared, named or {}, used)
    return document | ({"$defs": {**shared, **used}} if shared or used else {})


def _filled(node: Any, named: Mapping[str, Mapping[str, Any]], used: dict[str, Any]) -> Any:
    """A schema with what marked fields hold; what is named so is put into ``used``."""
    if isinstance(node, list):
        return [_filled(item, named, used) for item in node]
    if not isinstance(node, dict):
        return node
    name = node.get(NAMED)
    if not isinstance(name, str):
        return {key: _filled(item, named, used) for key, item in node.items()}
    if name not in named:
        return {key: item for key, item in node.items() if key != NAMED}
    used.update(named[name].get("$defs", {}))
    if name not in used:
        used[name] = {key: item for key, item in named[name].items() if key not in ("$schema", "$defs")}
    told = {key: item for key, item in node.items() if key in ("title", "description", "default")}
    return {**told, "$ref": f"#/$defs/{name}"}
