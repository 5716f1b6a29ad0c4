"""Pages made on the server: no script, readable on a phone, in light and dark."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from foretell import deliver


@cache
def _templates() -> Environment:
    folder = Path(__file__).parent / "templates"
    return Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def page(name: str, status: int = 200, *, language: str | None = None, **values: object) -> HTMLResponse:
    """The page made from template ``name``; nobody keeps a copy, and search engines pass it by.

    Args:
        language: of whoever reads it; pages speak what ``deliver.phrases`` has, else English.
    """
    text = rendered(name, words=deliver.phrases(language), **values)
    return HTMLResponse(text, status, headers={"cache-control": "no-store", "x-robots-tag": "noindex"})


def rendered(name: str, **values: object) -> str:
    """The text made from template ``name``; whatever stands in ``values`` is text there, and never markup."""
    return _templates().get_template(name).render(**values)
