"""JSON schemas of whole documents, for editors, the API and forms."""

from __future__ import annotations

from typing import Any

from foretell.definitions.documents import Kind
from foretell.definitions.texts import KEY_PATTERN


def schema(kind: Kind) -> dict[str, Any]:
    """JSON schema (draft 2020-12) of a document of ``kind``: ``kind``, ``key``, ``spec`` and ``ui``."""
    spec = kind.model.model_json_schema(by_alias=True)
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
    return document | ({"$defs": shared} if shared else {})
