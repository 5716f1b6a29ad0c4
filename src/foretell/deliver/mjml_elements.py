"""The elements of MJML 4 and where each may stand (https://documentation.mjml.io)."""

from __future__ import annotations

_ROWS = frozenset({"mj-column", "mj-hero"})
_SECTIONS = frozenset({"mj-body", "mj-wrapper"})
_HEAD = frozenset({"mj-head"})
_SETTING = frozenset({"mj-attributes"})
_IN_COLUMNS = (
    "mj-text", "mj-button", "mj-image", "mj-divider", "mj-spacer", "mj-table", "mj-social", "mj-navbar",
    "mj-accordion", "mj-carousel",
)  # fmt: skip
_PLACES: dict[str, frozenset[str]] = {
    "mjml": frozenset({""}),
    "mj-head": frozenset({"mjml"}),
    "mj-body": frozenset({"mjml"}),
    "mj-wrapper": frozenset({"mj-body"}),
    "mj-section": _SECTIONS,
    "mj-hero": _SECTIONS,
    "mj-group": frozenset({"mj-section"}),
    "mj-column": frozenset({"mj-section", "mj-group"}),
    "mj-raw": frozenset({"mj-head", "mj-body", "mj-wrapper", "mj-section", "mj-group", "mj-column", "mj-hero"}),
    **dict.fromkeys(_IN_COLUMNS, _ROWS),
    "mj-social-element": frozenset({"mj-social"}),
    "mj-navbar-link": frozenset({"mj-navbar"}),
    "mj-accordion-element": frozenset({"mj-accordion"}),
    "mj-accordion-title": frozenset({"mj-accordion-element"}),
    "mj-accordion-text": frozenset({"mj-accordion-element"}),
    "mj-carousel-image": frozenset({"mj-carousel"}),
    "mj-attributes": _HEAD,
    "mj-breakpoint": _HEAD,
    "mj-font": _HEAD,
    "mj-preview": _HEAD,
    "mj-style": _HEAD,
    "mj-title": _HEAD,
    "mj-all": _SETTING,
    "mj-class": _SETTING,
}
ELEMENTS = frozenset(_PLACES)
PLACES = {name: within | (_SETTING if within & (_ROWS | _SECTIONS) or name == "mj-column" else frozenset())
          for name, within in _PLACES.items()}  # fmt: skip
"""Element → those it may stand in; every element of the body also gives its defaults in ``mj-attributes``."""
CONTENT = frozenset({
    "mj-text", "mj-button", "mj-table", "mj-raw", "mj-style", "mj-title", "mj-preview", "mj-accordion-title",
    "mj-accordion-text", "mj-navbar-link", "mj-social-element",
})  # fmt: skip
"""Elements that hold HTML, which the compiler leaves alone."""
