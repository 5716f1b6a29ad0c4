"""Errors as JSON: code, what, thing, where and next step, with the status that fits."""

from __future__ import annotations

import logging
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from foretell import telemetry
from foretell.errors import ForetellError, UsageError
from foretell.web.observing import route_of

_LOG = logging.getLogger("foretell.web")

_STATUS = {
    "PROFILE_AMBIGUOUS": 409,
    "CASE_CHANGED": 409,
    "AT_WORK": 409,
    "CASE_CLOSED": 409,
    "IMPROVEMENT_CHANGED": 409,
    "REQUEST_CLOSED": 409,
    "ALREADY_ERASED": 409,
    "NOT_RESTRICTED": 409,
    "NOT_SUPPRESSED": 409,
    "NOT_DONE": 409,
    "NOT_APPLIED": 409,
    "NOT_STARTED": 409,
    "ENDED_ALREADY": 409,
    "STEP_IS_GONE": 409,
    "KEPT_IN_FILES": 409,
    "FILE_TAKEN": 409,
    "CHANGED_MEANWHILE": 409,
    "STILL_NAMED": 409,
    "OTHER_OWNER": 409,
    "NOT_ALLOWED": 403,
    "ORIGIN_NOT_ALLOWED": 403,
    "NOT_SIGNED_IN": 401,
    "REQUEST_TOO_LARGE": 413,
    "FRAME_TOO_LARGE": 413,
    "DISK_FULL": 507,
}

_CODES = {404: "UNKNOWN_ADDRESS", 405: "METHOD_NOT_ALLOWED", 413: "REQUEST_TOO_LARGE"}


class Told(BaseModel):
    """What went wrong."""

    code: str = Field(description="Stable name for programs.")
    what: str = Field(description="What happened, one sentence.")
    thing: str = Field("", description="The thing it happened to.")
    where: str = Field("", description="File and line, path in the body, or address.")
    next_step: str = Field("", description="What to do now.")


class ErrorBody(BaseModel):
    """The body of every answer that is an error."""

    error: Told
    request_id: str = Field("", description="The answer's X-Request-Id; lines of the log have it too.")


ERRORS: dict[int | str, dict[str, Any]] = {
    code: {"model": ErrorBody, "description": text}
    for code, text in {
        400: "The question does not make sense.",
        404: "There is no such thing.",
        409: "Not possible as things stand.",
        503: "Not now; the same call can succeed later.",
    }.items()
}


def unknown(thing: str, key: str) -> UsageError:
    """There is no ``thing`` called ``key``."""
    return UsageError("UNKNOWN", f"there is no {thing} {key!r}", thing=f"{thing} {key}")


def failed() -> ForetellError:
    """What is told where the fault is ours."""
    return ForetellError("SERVER_FAILED", "the server met an error of its own", next_step="Its log says more.")


def uncapped(sentence: str) -> str:
    """A sentence of somebody else as our errors begin: small, but for words like JSON."""
    return sentence if sentence[1:2].isupper() else f"{sentence[:1].lower()}{sentence[1:]}"


def status_of(error: ForetellError) -> int:
    """The HTTP status of an error."""
    if error.code in _STATUS:
        return _STATUS[error.code]
    if error.transient:
        return 503
    if error.code.startswith("UNKNOWN") or error.code.endswith("UNKNOWN"):
        return 404
    if isinstance(error, UsageError):
        return 400
    return 409 if error.code.startswith(("NOT_", "NO_", "NOBODY")) else 500


def told_of(error: ForetellError) -> Told:
    """An error as it is told inside an answer."""
    return Told(code=error.code, what=error.what, thing=error.thing, where=error.where, next_step=error.next_step)


def body_of(error: ForetellError) -> dict[str, Any]:
    """The JSON body of an error that somebody is told; it counts as told."""
    telemetry.count_error(error)
    told = told_of(error)
    return ErrorBody(error=told, request_id=telemetry.request_id()).model_dump()


def answer(error: ForetellError) -> JSONResponse:
    """The answer that tells an error."""
    return JSONResponse(body_of(error), status_of(error))


def tell_errors(app: FastAPI) -> None:
    """Let every error of ``app`` leave in this shape."""
    app.add_exception_handler(ForetellError, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _failed)


async def _refused(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, ForetellError)
    if status_of(error) >= 500:
        _LOG.error("%s %s: %s", request.method, route_of(request.scope), error)
    return answer(error)


async def _invalid(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    what = uncapped(str(first["msg"]).removeprefix("Value error, "))
    told = UsageError("BAD_REQUEST", what, where=where, next_step="See /api/openapi.json for what is expected.")
    return JSONResponse(body_of(told), 422)


async def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    told = ForetellError(
        _CODES.get(error.status_code, "HTTP_ERROR"), f"{request.method} {request.url.path}: {uncapped(error.detail)}"
    )
    return JSONResponse(body_of(told), error.status_code, headers=dict(error.headers or {}))


async def _failed(request: Request, error: Exception) -> JSONResponse:
    _LOG.error("%s %s failed", request.method, route_of(request.scope), exc_info=error)
    return JSONResponse(body_of(failed()), 500)
