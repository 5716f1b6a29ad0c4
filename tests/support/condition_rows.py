"""The table of the condition language, row by row, as it is asked of the demo shop.

Each row is written as in the language's own table; what the shop calls otherwise stands in :data:`NAMES`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

NAMES = {
    "{contains: add_to_cart}": "{contains: Product Added}",
    "{contains: purchase}": "{contains: Order Completed}",
    "/support": "/c/",
    "/category/shoes": "/c/outdoor",
    "{event: total, gte: 100}": "{event: revenue, gte: 100}",
    "lat: 33.7, lon: -84.4": "lat: 52.52, lon: 13.405",
    "trail running shoes": "Outdoor",
    "shipping.postal_code": "address.postal_code",
}
"""What the table writes → what stands for it in the shop."""


@dataclass(frozen=True)
class Row:
    """A row: what is said in words, the condition as the shop writes it, and of whom it is asked.

    Args:
        asked: ``future`` (an outcome), ``run`` (journeys), ``decision``; empty for everybody.
    """

    said: str
    condition: dict[str, Any]
    asked: str = ""


def _read() -> tuple[Row, ...]:
    text = Path(__file__).with_suffix(".yaml").read_text("utf-8")
    for theirs, ours in NAMES.items():
        assert theirs in text, theirs
        text = text.replace(theirs, ours)
    return tuple(Row(**row) for row in YAML(typ="safe", pure=True).load(text))


ROWS = _read()
