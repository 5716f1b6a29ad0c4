"""``init``: a small workspace to start from."""

from __future__ import annotations

import json
from pathlib import Path

from foretell.errors import UsageError, explain_os_errors

_SETTINGS = """\
# The settings of this workspace. `foretell doctor` says where each value comes from.
name: {name}

# All money is counted in this currency (ISO 4217) ...
currency: EUR
# ... and calendar months, years and bare dates are read in this time zone (IANA name).
zone: UTC

# Telephone numbers, postcodes and the like that name no country are read as this one's (ISO 3166-1).
# country: GB

# The folder of the embedded stores, which never goes into git.
# stores:
#   data: data

# How much of the machine the analytics store may use.
# engine:
#   memory_mb: 1024
#   threads: 2

# Secrets are read from the environment and never stand here.
# secrets:
#   shop_token: ${{SHOP_TOKEN}}
"""

_SEGMENT = """\
# People who bought something in the last 90 days.
# `foretell segment count recent_buyers` counts them; docs: the condition language.
kind: segment
key: recent_buyers
spec:
  condition: {did: Order Completed, within: 90d}
"""

_PREDICTION = """\
# The probability that somebody who bought within a year buys nothing in the next 90 days.
# `foretell predict train churn` learns it, `foretell predict report churn` says how good it is.
kind: prediction
key: churn
spec:
  outcome: {did_not: Order Completed}
  horizon: 90d
  population: {did: Order Completed, within: 365d}
"""

_IGNORED = """\
# The embedded stores: rebuilt from what was imported, never shared through git.
/data/
"""

_KEPT = "Documents of kind source: how files become events (docs: collect).\n"


def init(directory: Path) -> list[Path]:
    """Write a small workspace into ``directory``, which is made where it is missing.

    Returns:
        The files written. Raises WORKSPACE_NOT_EMPTY where the directory holds anything but ``.git``.
    """
    with explain_os_errors(f"workspace {directory}"):
        if directory.exists() and not directory.is_dir():
            raise UsageError(
                "NOT_A_DIRECTORY",
                "a workspace is a directory, and this is a file",
                where=str(directory),
                next_step="Choose another name.",
            )
        found = sorted(p.name for p in directory.iterdir() if p.name != ".git") if directory.exists() else []
        if found:
            raise UsageError(
                "WORKSPACE_NOT_EMPTY",
                f"the directory is not empty: it holds {found[0]}" + (" and more" if found[1:] else ""),
                where=str(directory),
                next_step="Choose a new directory; nothing was written.",
            )
        files = {
            "foretell.yaml": _SETTINGS.format(name=json.dumps(directory.resolve().name, ensure_ascii=False)),
            "segments/recent_buyers.yaml": _SEGMENT,
            "predictions/churn.yaml": _PREDICTION,
            "sources/.gitkeep": _KEPT,
            ".gitignore": _IGNORED,
        }
        written = []
        for name, text in files.items():
            path = directory / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            written.append(path)
    return written
