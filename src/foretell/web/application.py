"""All routes together as one ASGI application."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from foretell import __version__
from foretell.web import assets, commanding, confirm_pages, health, metrics, public_pages, signing_in, survey_pages
from foretell.web.api import router as api
from foretell.web.backlog import Backlog
from foretell.web.desk_hooks import DESK_PREFIX, DeskHooks
from foretell.web.errors import tell_errors
from foretell.web.forwarding import Forwarding
from foretell.web.guarding import Guard
from foretell.web.hooks import PREFIX, Hooks
from foretell.web.observing import Observed
from foretell.web.ready_route import ReadyRoute
from foretell.web.site import Site
from foretell.web.tracking import Tracking

_TITLE = "Foretell"
_DESCRIPTION = "Everything the app shows and does. Instants are ISO 8601 in UTC, money is in major units."


def create_app(site: Site) -> ASGIApp:
    """The application that serves ``site``."""
    backlog = Backlog(site.workspace)
    routed = GZipMiddleware(_Routed(site), minimum_size=1_000, compresslevel=5)
    rest: ASGIApp = ReadyRoute(site.cards, routed) if site.workspace.engine.has_analytics else Forwarding(site, routed)
    front = _Front(
        [("/v1/", Tracking(site, backlog)), (DESK_PREFIX, DeskHooks(site)), (PREFIX, Hooks(site, backlog))], rest
    )
    return Observed(Guard(front, site.access, lambda: site.command_token))


def openapi_document() -> dict[str, Any]:
    """What ``/api`` offers, as OpenAPI; it needs no workspace."""
    return _routes().openapi()


@cache
def _routes() -> FastAPI:
    """All routes, once for all sites of a process: reading the shapes of their answers takes a while."""
    app = FastAPI(
        title=_TITLE,
        version=__version__,
        description=_DESCRIPTION,
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        generate_unique_id_function=_operation,
    )
    tell_errors(app)
    app.include_router(api, prefix="/api")
    app.include_router(commanding.router)
    app.include_router(health.router)
    app.include_router(metrics.router)
    app.include_router(signing_in.router)
    app.include_router(public_pages.router)
    app.include_router(confirm_pages.router)
    app.include_router(survey_pages.router)
    app.include_router(assets.router)
    return app


def _operation(route: APIRoute) -> str:
    """The name of an operation in OpenAPI: that of its function."""
    return route.name


class _Routed:
    """The routes for requests of one site."""

    def __init__(self, site: Site) -> None:
        self._site = site

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on one request."""
        scope["state"] = {**scope.get("state", {}), "site": self._site}
        await _routes()(scope, receive, send)


class _Front:
    """Sends what is read without the routes one way, by the first prefix that fits, and everything else the other."""

    def __init__(self, raw: Sequence[tuple[str, ASGIApp]], rest: ASGIApp) -> None:
        self._raw = raw
        self._rest = rest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on one request."""
        path = scope["path"] if scope["type"] == "http" else ""
        for prefix, app in self._raw:
            if path.startswith(prefix):
                await app(scope, receive, send)
                return
        await self._rest(scope, receive, send)
