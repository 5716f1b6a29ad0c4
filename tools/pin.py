"""Write ``constraints.txt``: the versions of everything that ``foretell[dev]`` needs, as installed.

``.venv/bin/python -m tools.pin`` after trying newer versions by hand. Lines are ``name==version``,
never an address. A requirement that only another system has keeps the line it had.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib import metadata

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tools.files import ROOT

FILE = ROOT / "constraints.txt"
HEADER = "# Versions that were tested together; written by: .venv/bin/python -m tools.pin\n"


def needed(requirement: Requirement, seen: set[tuple[str, str]]) -> Iterator[str]:
    """Names of ``requirement`` and all that it needs in turn on this system, each once."""
    name = canonicalize_name(requirement.name)
    for extra in ("", *sorted(requirement.extras)):
        if (name, extra) in seen:
            continue
        seen.add((name, extra))
        if not extra:
            yield name
        for line in metadata.requires(name) or ():
            inner = Requirement(line)
            if inner.marker is None or inner.marker.evaluate({"extra": extra}):
                yield from needed(inner, seen)


def pinned(old: str) -> str:
    """The text of the file; ``old`` is what it says now."""
    found = {name: metadata.version(name) for name in needed(Requirement("foretell[dev]"), set())}
    del found["foretell"]
    kept = dict(line.split("==") for line in old.splitlines() if "==" in line)
    for line in metadata.requires("foretell") or ():
        requirement = Requirement(line)
        name = canonicalize_name(requirement.name)
        if name not in found and requirement.marker is not None and name in kept:
            found[name] = kept[name]
    return HEADER + "".join(f"{name}=={version}\n" for name, version in sorted(found.items()))


def main() -> int:
    """Write the file anew."""
    text = pinned(FILE.read_text() if FILE.exists() else "")
    FILE.write_text(text)
    print(f"{FILE.name}: {text.count('==')} versions")
    return 0


if __name__ == "__main__":
    sys.exit(main())
