"""Documents that the app keeps, saved by a page: validated first, in force at once, or everything that is wrong."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from fastapi import Query
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from foretell import definitions
from foretell.errors import DefinitionErrors, ForetellError
from foretell.web import documents
from foretell.web.api.conditions import ConditionProblem
from foretell.web.errors import Told, status_of, told_of
from foretell.web.site import Site


class SavedDocument(BaseModel):
    """A document that the app has put in force."""

    key: str
    revision: int
    file: str = Field(description="Where it lies in the workspace.")
    problems: list[ConditionProblem] = Field(description="What is doubtful about it; paths from the document's spec.")


class NotSaved(BaseModel):
    """Why nothing was saved."""

    error: Told
    problems: list[ConditionProblem] = Field(description="Everything that is wrong; paths from the document's spec.")


Revision = Annotated[
    int | None,
    Query(ge=0, description="The revision that was changed, 0 for a new one; without it whatever there is goes."),
]
_LINED = re.compile(r"#.*:\d+\Z")
"""A place within a text of several lines: JSON pointer and line."""
NOT_SAVED: dict[int | str, dict[str, Any]] = {
    422: {"model": NotSaved, "description": "Something is wrong with it; nothing was saved."}
}


def save(site: Site, kind: str, key: str, spec: dict[str, Any], revision: int | None) -> SavedDocument | JSONResponse:
    """Put a document with this ``spec`` in force; an answer with everything that is wrong where it cannot be.

    Args:
        revision: the one that was changed, 0 for a new document; None: whatever there is goes.
    """
    try:
        saved = documents.save(site, kind, key, spec, base_revision=revision)
    except DefinitionErrors as error:
        status = status_of(error)
        problems = [problem_in_spec(one, "error", spec) for one in error.errors]
        body = NotSaved(error=told_of(error), problems=problems).model_dump()
        return JSONResponse(body, status if status == 409 else 422)
    doubts = [problem_in_spec(warning.as_error(), "warning", spec) for warning in saved.warnings]
    return SavedDocument(key=key, revision=saved.revision, file=saved.file, problems=doubts)


def problem_in_spec(
    error: ForetellError, severity: Literal["error", "warning"], spec: dict[str, Any]
) -> ConditionProblem:
    """A problem with its path below the document's ``spec``; one of another part of the document keeps its name."""
    pointer, _, line = error.where.rpartition(":") if _LINED.match(error.where) else (error.where, "", "")
    path = list(definitions.pointed(pointer, {"spec": spec})) if pointer.startswith("#") else []
    return ConditionProblem(
        path=path[1:] if path[:1] == ["spec"] else path,
        code=error.code,
        what=error.what,
        next_step=error.next_step,
        severity=severity,
        line=int(line) if line else None,
    )
