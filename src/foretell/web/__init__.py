"""Web: the door for browsers and machines.

Enters: HTTP requests. Leaves: ``/v1`` takes events (Segment's wire format) and answers once they are durable;
``/api`` is what the app in the browser and other programs use (OpenAPI at ``/api/openapi.json``); ``/s`` are
pages for the people who get messages; ``/healthz`` and ``/readyz`` say whether all is well; everything else is
the app itself. Called by ``cli`` (:func:`serve`) and by tests (:func:`create_app`).

Holds no rules: parse, call a room's door, render. The process that serves owns the workspace; a worker thread
in it takes in what arrived and does what is due.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from foretell.web.presence import Presence, company_at, presence_among, presence_in
from foretell.web.protocol import COMMAND_ADDRESS, HEAD, LOG, OUT, STATUS, Asked, Screen

if TYPE_CHECKING:
    from foretell.web.access import Access
    from foretell.web.application import create_app, openapi_document
    from foretell.web.caching import Cache
    from foretell.web.commanding import Commands
    from foretell.web.guarding import Guard
    from foretell.web.messages import batch_messages
    from foretell.web.serving import Role, Serving, serve, serve_together
    from foretell.web.site import Site
    from foretell.web.wire import read_body, respond
    from foretell.web.worker import Worker

# What speaks HTTP takes longer to load than most commands take; it is loaded when it is used.
_ON_USE = {
    "Access": "access",
    "Cache": "caching",
    "Commands": "commanding",
    "Guard": "guarding",
    "Role": "serving",
    "Serving": "serving",
    "Site": "site",
    "Worker": "worker",
    "batch_messages": "messages",
    "create_app": "application",
    "openapi_document": "application",
    "read_body": "wire",
    "respond": "wire",
    "serve": "serving",
    "serve_together": "serving",
}


def __getattr__(name: str) -> Any:
    if name not in _ON_USE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_ON_USE[name]}"), name)


__all__ = [
    "COMMAND_ADDRESS",
    "HEAD",
    "LOG",
    "OUT",
    "STATUS",
    "Access",
    "Asked",
    "Cache",
    "Commands",
    "Guard",
    "Presence",
    "Role",
    "Screen",
    "Serving",
    "Site",
    "Worker",
    "batch_messages",
    "company_at",
    "create_app",
    "openapi_document",
    "presence_among",
    "presence_in",
    "read_body",
    "respond",
    "serve",
    "serve_together",
]
