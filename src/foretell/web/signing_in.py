"""The page where somebody gives the token of a server that others can reach."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from foretell.web.access import COOKIE, is_foreign
from foretell.web.pages import page
from foretell.web.site import Here

router = APIRouter()
_SECONDS = 30 * 86_400


@router.get("/login", include_in_schema=False)
def ask(next: str = "/") -> Response:
    """The form."""
    return page("login.html", wrong=False, next=_inside(next))


@router.post("/login", include_in_schema=False)
def sign_in(
    request: Request, site: Here, token: Annotated[str, Form()] = "", next: Annotated[str, Form()] = "/"
) -> Response:
    """Set the cookie where the token is right."""
    if not site.access.token:
        return RedirectResponse(_inside(next), 303)
    if is_foreign(request.headers) or not site.access.knows(token):
        return page("login.html", 401, wrong=True, next=_inside(next))
    answer = RedirectResponse(_inside(next), 303)
    secure = request.url.scheme == "https"
    answer.set_cookie(COOKIE, site.access.session, _SECONDS, httponly=True, samesite="strict", secure=secure)
    return answer


def _inside(address: str) -> str:
    """``address`` where it lies on this server, else the first page."""
    return address if address.startswith("/") and not address.startswith(("//", "/\\")) else "/"
