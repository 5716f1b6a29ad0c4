"""``/s``: what the links of a message lead to. Made on the server, without script, for anybody's phone.

The token in the address is signed by ``deliver`` and says which message it is; nothing else is asked of people.
"""

from __future__ import annotations

import logging
from base64 import b64decode
from typing import Literal

import pyarrow as pa
from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse, Response

from foretell import deliver, profile
from foretell.clock import naive_utc
from foretell.deliver import Preference, Preferences, Token
from foretell.errors import ForetellError, UsageError
from foretell.web.pages import page
from foretell.web.site import Here, Site

router = APIRouter(prefix="/s", include_in_schema=False)

PIXEL = b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
"""A transparent GIF of one by one pixel."""
_NEVER_KEPT = {"cache-control": "no-store, no-cache, must-revalidate, private", "pragma": "no-cache"}
_LOG = logging.getLogger("foretell.web")


@router.api_route("/o/{token}.gif", methods=["GET", "HEAD"])
def opened(site: Here, request: Request, token: str) -> Response:
    """The picture in a mail; a wrong token gets the same picture, since nobody would read an error."""
    try:
        told = _verified(site, token, "open")
        if request.method == "GET":
            _engaged(site, request, told, "open")
    except ForetellError as error:
        _LOG.info("picture without effect: %s", error)
    return Response(PIXEL, media_type="image/gif", headers=_NEVER_KEPT)


@router.api_route("/c/{token}", methods=["GET", "HEAD"])
def clicked(site: Here, request: Request, token: str) -> Response:
    """Lead on to where the link goes; whoever follows it is not kept waiting by our troubles."""
    try:
        told = _verified(site, token, "click")
    except UsageError:
        return _not_valid()
    try:
        if request.method == "GET":
            _engaged(site, request, told, "click")
    except ForetellError as error:
        _LOG.error("a click could not be kept: %s", error)
    return RedirectResponse(told.url, 302, headers=_NEVER_KEPT)


@router.api_route("/h/{token}", methods=["GET", "HEAD"])
def trapped(site: Here, request: Request, token: str) -> Response:
    """A link that no person sees: whatever follows it is a program that follows every link of a mail."""
    try:
        told = _verified(site, token, "trap")
        if request.method == "GET":
            _engaged(site, request, told, "click")
    except ForetellError as error:
        _LOG.info("trap without effect: %s", error)
    return Response(status_code=204, headers=_NEVER_KEPT)


@router.get("/u/{token}")
def ask_to_leave(site: Here, token: str) -> Response:
    """Ask before unsubscribing: programs open links too."""
    try:
        _verified(site, token, "unsubscribe")
        shown = _preferences(site, token)
    except UsageError:
        return _not_valid()
    return _leaving("unsubscribe.html", site, shown, token)


@router.post("/u/{token}")
def leave(site: Here, request: Request, token: str) -> Response:
    """Unsubscribe at once: the button of the page, and the one of mail programs (RFC 8058)."""
    try:
        told = _verified(site, token, "unsubscribe")
        _engaged(site, request, told, "unsubscribe")
        shown = _preferences(site, token)
    except UsageError:
        return _not_valid()
    return _leaving("unsubscribed.html", site, shown, token)


def _leaving(name: str, site: Site, shown: Preferences, token: str) -> Response:
    words = deliver.phrases(shown.language)
    channel = words.get(f"by_{shown.channel}", shown.channel)
    shop = site.workspace.settings.name
    return page(name, language=shown.language, shop=shop, shown=shown, channel=channel, token=token)


@router.get("/p/{token}")
def choose(site: Here, token: str) -> Response:
    """What the person allows."""
    try:
        return _choices(site, token, _preferences(site, token), saved=False)
    except UsageError:
        return _not_valid()


@router.post("/p/{token}")
async def chosen(site: Here, request: Request, token: str) -> Response:
    """Keep what the person chose."""
    form = await request.form(max_files=0, max_fields=200)
    allowed = {str(value) for value in form.getlist("allow")}
    return await run_in_threadpool(_choose, site, token, allowed)


def _choose(site: Site, token: str, allowed: set[str]) -> Response:
    place = site.workspace
    try:
        shown = _preferences(site, token)
        wanted = {(row.channel, row.purpose): name_of(row) in allowed for row in shown.rows}
        kept = deliver.set_preferences(place.engine, place.catalog, token, wanted, now=site.now)
    except UsageError:
        return _not_valid()
    return _choices(site, token, kept, saved=True)


def _choices(site: Site, token: str, shown: Preferences, *, saved: bool) -> Response:
    words = deliver.phrases(shown.language)
    rows = [
        {
            "name": name_of(row),
            "label": row.title or words.get(row.channel) or row.channel or row.purpose.capitalize(),
            "purpose": "" if row.title or row.purpose == "marketing" or not row.channel else row.purpose,
            "wording": row.wording,
            "lapsed": row.state == "expired",
            "allowed": row.allowed,
        }
        for row in shown.rows
    ]
    named = any(row.title for row in shown.rows)
    return page(
        "preferences.html",
        language=shown.language,
        shop=site.workspace.settings.name,
        shown=shown,
        rows=rows,
        legend=words["allow_legend" if named else "news_legend"],
        saved=saved,
        token=token,
    )


def name_of(row: Preference) -> str:
    """How a choice is called in the form."""
    return profile.name_of(row.channel, row.purpose)


def _verified(site: Site, token: str, kind: Literal["open", "click", "unsubscribe", "trap"]) -> Token:
    place = site.workspace
    return deliver.verify_token(deliver.signer_of(place.engine, place.settings), token, kind)


def _preferences(site: Site, token: str) -> Preferences:
    return deliver.preferences(site.workspace.engine, site.workspace.catalog, token, now=site.now)


def _engaged(site: Site, request: Request, told: Token, kind: str) -> None:
    headers = {name.lower(): value for name, value in request.headers.items()}
    trapped = told.kind == "trap"
    machine = trapped or (kind != "unsubscribe" and deliver.is_machine(headers.get("user-agent"), headers))
    rows = pa.table(
        {
            "message_id": [told.message_id],
            "kind": [kind],
            "at": pa.array([naive_utc(site.now)], pa.timestamp("us")),
            "url": pa.array([told.url or None], pa.string()),
            "topic": pa.array([told.topic or None], pa.string()),
            "machine": [machine],
        }
    )
    deliver.engaged(site.workspace.engine, site.workspace.catalog, rows, now=site.now)


def _not_valid() -> Response:
    return page("not_valid.html", 404)
