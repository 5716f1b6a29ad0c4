"""``ui/openapi.json``: what ``/api`` offers, for the app's types. ``python -m tools.openapi [--write]``."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from foretell.web import openapi_document

FILE = Path(__file__).resolve().parent.parent / "ui" / "openapi.json"


def text() -> str:
    """The file as it must be."""
    return json.dumps(openapi_document(), indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def main(arguments: list[str]) -> int:
    """Write the file, or say whether it is as it must be."""
    if "--write" in arguments:
        FILE.parent.mkdir(exist_ok=True)
        FILE.write_text(text(), encoding="utf-8")
        return 0
    if FILE.exists() and FILE.read_text("utf-8") == text():
        return 0
    sys.stderr.write("ui/openapi.json is not what /api offers: run .venv/bin/python -m tools.openapi --write\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
