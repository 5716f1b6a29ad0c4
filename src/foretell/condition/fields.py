"""Fields of documents that hold a condition or a measure: plain values, with the language's schema for editors."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from foretell.condition.schema import condition_schema, measure_schema
from foretell.definitions import NAMED

ConditionField = Annotated[dict[str, Any], Field(json_schema_extra={NAMED: "condition"})]
"""A condition as written; the document's check parses it."""

MeasureField = Annotated[dict[str, Any], Field(json_schema_extra={NAMED: "measure"})]
"""A number a person as written; the document's check parses it."""

SCHEMAS = {"condition": condition_schema(), "measure": measure_schema()}
"""By the names that the fields give."""
