"""House rules that no general linter knows: ``python -m tools.house_rules``.

Each rule is a function with a code; its docstring is the reason (``--reasons`` prints them). A rule has
no switch to turn it off: where it does not hold, its own text says so.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable

from tools import python_rules, text_rules
from tools.files import SourceFile, repository_files

RULES = (*python_rules.RULES, *text_rules.RULES)


def findings(files: Iterable[SourceFile]) -> list[str]:
    """All breaches as ``path:line: CODE what``; empty where every rule holds."""
    return [
        f"{file.path}:{line}: {rule.code} {what}"
        for file in files
        if file.text is not None
        for rule in RULES
        if rule.applies(file.path)
        for line, what in rule.check(file)
    ]


def main(arguments: list[str]) -> int:
    """Print all findings; 1 where there are any. With ``--reasons`` print why each rule is there."""
    if "--reasons" in arguments:
        print("\n\n".join(f"{rule.code} {rule.check.__name__}\n{rule.reason}" for rule in RULES))
        return 0
    found = findings(repository_files())
    print("\n".join(found) if found else f"house rules: {len(RULES)} kept")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
