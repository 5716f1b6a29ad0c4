"""``python -m foretell``."""

from __future__ import annotations

from foretell.cli import main

main()
