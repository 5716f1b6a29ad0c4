"""The built app: its files, and its page for every address that the app itself knows."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, HTMLResponse, Response
from starlette.exceptions import HTTPException

from foretell.web.site import Here

router = APIRouter()

FOLDER = Path(__file__).parent / "static"
HASHED = "assets/"
"""Files below it have a hash of their content in their name: they never change."""
_FOREVER, _ASK = "public, max-age=31536000, immutable", "no-cache"
_PACKED = (("br", ".br"), ("gzip", ".gz"))
_MISSING = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Foretell</title>
<body><h1>Foretell is running</h1>
<p>The app for the browser is not built yet: run <code>make ui</code> and load this page again.</p>
<p>Meanwhile <a href="/api/openapi.json">the API</a> and the commands of the terminal work.</p></body></html>
"""


@router.api_route("/{path:path}", methods=["GET", "HEAD"], include_in_schema=False)
def file(path: str, request: Request, site: Here) -> Response:
    """A file of the app; the app's page where there is none of that name."""
    if path.startswith(("api/", "v1/", "s/", "hooks/")):
        raise HTTPException(404, "there is nothing here")
    root = site.assets.resolve()
    wanted = _within(root, path) if path else None
    if wanted is not None:
        cached = _FOREVER if path.startswith(HASHED) else _ASK
        return _packed(wanted, request.headers.get("accept-encoding", ""), cached)
    if path.startswith(HASHED) or "." in path.rpartition("/")[2]:
        raise HTTPException(404, "there is no such file")
    page = root / "index.html"
    if not page.is_file():
        return HTMLResponse(_MISSING, headers={"cache-control": "no-store"})
    return _packed(page, request.headers.get("accept-encoding", ""), _ASK)


def _within(root: Path, path: str) -> Path | None:
    """The file ``path`` below ``root``; None where there is none, or where no file can be called so."""
    try:
        wanted = (root / path).resolve()
        return wanted if wanted.is_relative_to(root) and wanted.is_file() else None
    except (OSError, ValueError):  # a name too long for the disk, or with a zero byte
        return None


def _packed(path: Path, accepted: str, cached: str) -> Response:
    """The file, packed where the build left a packed copy that the browser takes."""
    headers = {"cache-control": cached, "vary": "accept-encoding"}
    kind = _media_type(path)
    for encoding, ending in _PACKED:
        copy = path.with_name(path.name + ending)
        if encoding in accepted and copy.is_file():
            return FileResponse(copy, media_type=kind, headers={**headers, "content-encoding": encoding})
    return FileResponse(path, media_type=kind, headers=headers)


def _media_type(path: Path) -> str | None:
    """Set by ourselves where a machine's own table of types may be wrong."""
    return {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".woff2": "font/woff2"}.get(
        path.suffix
    )
