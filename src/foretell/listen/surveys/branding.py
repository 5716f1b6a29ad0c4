"""How a survey's pages look: a name, a logo, one colour that can be read in light and in dark."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

LEAST_CONTRAST = 4.5
"""Contrast of text with what is behind it, WCAG 2.2, success criterion 1.4.3."""
WHITE, BLACK = "#ffffff", "#0f1419"
LIGHT_SURFACE, DARK_SURFACE = "#ffffff", "#171d23"
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}\Z")


def _colour(text: str) -> str:
    if not _COLOUR.match(text):
        raise ValueError(f"{text!r} is no colour; write six digits, e.g. '#0b6a94'")
    return text.lower()


def _address(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme != "https" or not parts.netloc or any(mark in text for mark in " \t\r\n;,'\""):
        raise ValueError(f"{text!r} is no https address of a picture")
    return text


class Brand(BaseModel):
    """Whose page it is."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str | None = Field(
        None, min_length=1, max_length=120, description="Name at the head; default: the workspace's."
    )
    logo: Annotated[str, AfterValidator(_address)] | None = Field(
        None, max_length=500, description="Address of a picture (https), shown in place of the name."
    )
    accent: Annotated[str, AfterValidator(_colour)] | None = Field(
        None, description="Colour of buttons and of what is chosen, e.g. '#0b6a94'; darker or lighter where nobody "
        "could read it."
    )  # fmt: skip


@dataclass(frozen=True)
class Accents:
    """The accent as pages use it, in light and in dark: each reads on its surface, and its text on it."""

    light: str
    on_light: str
    dark: str
    on_dark: str


def contrast(one: str, other: str) -> float:
    """Contrast of two colours, 1 to 21 (WCAG 2.2, relative luminance of sRGB)."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def accents(brand: Brand | None) -> Accents | None:
    """The accents of a brand's colour, moved towards black or white until they can be read; None without one."""
    if brand is None or brand.accent is None:
        return None
    light, dark = _readable(brand.accent, LIGHT_SURFACE), _readable(brand.accent, DARK_SURFACE)
    return Accents(light, text_on(light), dark, text_on(dark))


def text_on(colour: str) -> str:
    """White or black, whichever reads better on ``colour``."""
    return WHITE if contrast(colour, WHITE) >= contrast(colour, BLACK) else BLACK


def _readable(colour: str, surface: str) -> str:
    towards = (0, 0, 0) if _luminance(surface) > 0.5 else (255, 255, 255)
    parts = _parts(colour)
    for step in range(101):
        mixed = tuple(round(own + (aim - own) * step / 100) for own, aim in zip(parts, towards, strict=True))
        found = "#{:02x}{:02x}{:02x}".format(*mixed)
        if contrast(found, surface) >= LEAST_CONTRAST:
            return found
    return WHITE if towards[0] else BLACK


def _parts(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _luminance(colour: str) -> float:
    red, green, blue = (
        part / 255 / 12.92 if part <= 10 else ((part / 255 + 0.055) / 1.055) ** 2.4 for part in _parts(colour)
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
