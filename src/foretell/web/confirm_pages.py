"""``/s/d``: the page of a double opt-in. A look at it confirms nothing: programs open links too."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from foretell import deliver
from foretell.errors import UsageError
from foretell.web.pages import page
from foretell.web.site import Here, Site

router = APIRouter(prefix="/s/d", include_in_schema=False)

_PAGES = {
    "waits": ("confirm.html", 200),
    "confirmed": ("confirmed.html", 200),
    "expired": ("confirm_expired.html", 410),
}


@router.api_route("/{token}", methods=["GET", "HEAD"])
def ask_to_confirm(site: Here, token: str) -> Response:
    """What somebody is about to agree to, and the button."""
    place = site.workspace
    try:
        shown = deliver.confirmation(place.engine, place.catalog, token, now=site.now)
    except UsageError:
        return page("not_valid.html", 404)
    return _answer(site, token, shown)


@router.post("/{token}")
def confirm(site: Here, request: Request, token: str) -> Response:
    """The button: it counts once, however often it is pressed."""
    place = site.workspace
    proof = {"ip": request.client.host if request.client else "", "user_agent": request.headers.get("user-agent", "")}
    try:
        shown = deliver.confirm(place.engine, place.catalog, token, proof=proof, now=site.now)
    except UsageError:
        return page("not_valid.html", 404)
    return _answer(site, token, shown)


def _answer(site: Site, token: str, shown: deliver.Confirmation) -> Response:
    name, status = _PAGES[shown.state]
    return page(name, status, language=shown.language, shop=site.workspace.settings.name, shown=shown, token=token)
