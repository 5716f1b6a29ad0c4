"""Segments that the app keeps: saved from the builder, validated first, in force at once."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from foretell import condition, definitions
from foretell.definitions import DurationText
from foretell.errors import DefinitionErrors, ForetellError
from foretell.web import documents
from foretell.web.api.conditions import ConditionProblem, WrittenCondition
from foretell.web.errors import Told, status_of, told_of
from foretell.web.site import Here

router = APIRouter(prefix="/segments", tags=["segments"])


class SegmentContent(BaseModel):
    """A segment as the builder sends it."""

    model_config = ConfigDict(extra="forbid")

    title: str | None = Field(None, max_length=200)
    description: str | None = Field(None, max_length=4000)
    condition: WrittenCondition
    of: Literal["known", "all"] = "known"
    owner: str | None = Field(None, max_length=200)
    review: date | None = None
    review_every: DurationText | None = Field(None, description="How long after a review it is looked at again.")


class SavedSegment(BaseModel):
    """A segment that the app has put in force."""

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
    Query(ge=0, description="The revision that was changed, 0 for a new segment; without it whatever there is goes."),
]
_NOT_SAVED: dict[int | str, dict[str, Any]] = {
    422: {"model": NotSaved, "description": "Something is wrong with it; nothing was saved."}
}


@router.put("/{key}", responses=_NOT_SAVED, response_model=SavedSegment)
def save_segment(site: Here, key: str, body: SegmentContent, revision: Revision = None) -> SavedSegment | JSONResponse:
    """Save a segment and put it in force. Segments that people keep in files are refused."""
    spec = body.model_dump(mode="json", exclude_none=True)
    spec["condition"] = condition.canonical(spec["condition"])
    if spec["of"] == "known":
        del spec["of"]
    try:
        saved = documents.save(site, "segment", key, spec, base_revision=revision)
    except DefinitionErrors as error:
        return not_saved(error, spec)
    problems = [problem_in_spec(warning.as_error(), "warning", spec) for warning in saved.warnings]
    return SavedSegment(key=key, revision=saved.revision, file=saved.file, problems=problems)


@router.delete("/{key}", status_code=204)
def delete_segment(site: Here, key: str, revision: Revision = None) -> None:
    """Take a segment of the app out of force. What others still name, and what people keep in files, is refused."""
    documents.remove(site, "segment", key, base_revision=revision)


def not_saved(error: DefinitionErrors, spec: dict[str, Any]) -> JSONResponse:
    """The answer where a document of the app is wrong: everything at its place in the ``spec``."""
    status = status_of(error)
    problems = [problem_in_spec(one, "error", spec) for one in error.errors]
    body = NotSaved(error=told_of(error), problems=problems).model_dump()
    return JSONResponse(body, status if status == 409 else 422)


def problem_in_spec(
    error: ForetellError, severity: Literal["error", "warning"], spec: dict[str, Any]
) -> ConditionProblem:
    """A problem with its path below the document's ``spec``; one of another part of the document keeps its name."""
    path = list(definitions.pointed(error.where, {"spec": spec})) if error.where.startswith("#") else []
    return ConditionProblem(
        path=path[1:] if path[:1] == ["spec"] else path,
        code=error.code,
        what=error.what,
        next_step=error.next_step,
        severity=severity,
    )
