"""``/s/q``, ``/s/a``, ``/s/survey``: surveys as pages. Made on the server; a script only makes them quicker.

A look at a page answers nothing, since programs look too; what is sent off does, and is judged like a click.
"""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import FileResponse, Response
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from foretell.errors import UsageError
from foretell.listen import surveys
from foretell.web.pages import page
from foretell.web.site import Here, Site
from foretell.web.survey_links import Asked, asked_by_token, asked_publicly
from foretell.web.survey_looking import first_page, look_for
from foretell.web.survey_looks import PUBLIC, told_page, version_of
from foretell.web.survey_sending import Sent, answered_page, read_sent

router = APIRouter(prefix="/s", include_in_schema=False)

_FILES = {"survey.css": "text/css", "survey.js": "text/javascript", "widget.js": "text/javascript"}
_FOREVER, _AN_HOUR = "public, max-age=31536000, immutable", "public, max-age=3600"
_TOLD = {"SURVEY_CLOSED": ("over", 410), "LINK_EXPIRED": ("expired", 410), "INVITATION_GONE": ("gone", 410),
         "LINK_USED": ("used", 200), "NOT_PUBLIC": ("invited", 403), "REQUEST_TOO_LARGE": ("too_big", 413)}  # fmt: skip


@router.api_route("/survey.css", methods=["GET", "HEAD"])
def style(request: Request) -> Response:
    """The pages' style sheet."""
    return _file("survey.css", request)


@router.api_route("/survey.js", methods=["GET", "HEAD"])
def script(request: Request) -> Response:
    """The pages' script."""
    return _file("survey.js", request)


@router.api_route("/widget.js", methods=["GET", "HEAD"])
def widget(request: Request) -> Response:
    """The script that shows a survey on another site's page; any site may load it."""
    return _file("widget.js", request)


@router.api_route("/q/{token}", methods=["GET", "HEAD"])
def look(site: Here, request: Request, token: str) -> Response:
    """The page of a message's survey, or of a shared link."""
    return _looked(site, request, token, f"/s/q/{token}")


@router.post("/q/{token}")
async def send(site: Here, request: Request, token: str) -> Response:
    """Take in what was answered there."""
    return await _sent(site, request, token, f"/s/q/{token}")


@router.api_route("/a/{token}", methods=["GET", "HEAD"])
def look_at_score(site: Here, request: Request, token: str) -> Response:
    """The page with the score that was chosen in the message; the page's form answers, not the look at it."""
    return _looked(site, request, token, f"/s/a/{token}")


@router.post("/a/{token}")
async def send_score(site: Here, request: Request, token: str) -> Response:
    """Take in the score, and what is answered afterwards."""
    return await _sent(site, request, token, f"/s/a/{token}")


@router.api_route("/survey/{key}", methods=["GET", "HEAD"])
def look_publicly(site: Here, request: Request, key: str) -> Response:
    """The page of a survey for everybody: link, QR code, widget."""
    return _looked(site, request, key, "")


@router.post("/survey/{key}")
async def send_publicly(site: Here, request: Request, key: str) -> Response:
    """Take in what somebody answered."""
    return await _sent(site, request, key, "")


def _file(name: str, request: Request) -> Response:
    version = version_of(name)
    kept = _FOREVER if request.query_params.get("v") == version else _AN_HOUR
    headers = {"cache-control": kept, "etag": f'"{version}"', "cross-origin-resource-policy": "cross-origin"}
    if request.headers.get("if-none-match") == headers["etag"]:
        return Response(status_code=304, headers=headers)
    return FileResponse(PUBLIC / name, media_type=f"{_FILES[name]}; charset=utf-8", headers=headers)


def _asked(site: Site, request: Request, name: str, path: str) -> Asked:
    return asked_by_token(site, request, name, path) if path else asked_publicly(site, request, name)


def _require_open(asked: Asked) -> None:
    if asked.spec.closed:
        raise UsageError("SURVEY_CLOSED", "this survey is over", thing=asked.document.name)
    if asked.invitation is None:
        surveys.require_public(asked.document)


def _refused(site: Site, request: Request, asked: Asked | None, error: UsageError) -> Response:
    """The page that says why nothing can be answered here."""
    if error.code not in _TOLD:
        return page("not_valid.html", 404)
    name, status = _TOLD[error.code]
    return told_page(look_for(site, request, asked), name, status)


def _looked(site: Site, request: Request, name: str, path: str) -> Response:
    asked: Asked | None = None
    try:
        asked = _asked(site, request, name, path)
        _require_open(asked)
        return first_page(site, request, asked)
    except UsageError as error:
        return _refused(site, request, asked, error)


async def _sent(site: Site, request: Request, name: str, path: str) -> Response:
    try:
        sent = await read_sent(request)
    except HTTPException as error:
        if error.status_code != 413:
            raise
        return _refused(site, request, None, UsageError("REQUEST_TOO_LARGE", "that is too long"))
    except ClientDisconnect:
        return Response(status_code=400)  # nobody is there to read it
    return await run_in_threadpool(_taken, site, request, name, path, sent)


def _taken(site: Site, request: Request, name: str, path: str, sent: Sent) -> Response:
    asked: Asked | None = None
    try:
        asked = _asked(site, request, name, path)
        _require_open(asked)
        return answered_page(site, request, asked, sent)
    except UsageError as error:
        return _refused(site, request, asked, error)
