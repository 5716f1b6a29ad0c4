"""What a house rule is: a code, the files it is about, a check whose docstring is the reason."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tools.files import SourceFile

Finding = tuple[int, str]
Check = Callable[[SourceFile], Iterator[Finding]]


@dataclass(frozen=True)
class Rule:
    """``check`` yields (line, what) for every breach in a file that ``applies`` to its path."""

    code: str
    check: Check
    applies: Callable[[str], bool]

    @property
    def reason(self) -> str:
        """Why the rule is there."""
        return inspect.cleandoc(self.check.__doc__ or "")


def everywhere(_path: str) -> bool:
    """All files of the repository."""
    return True


def package_python(path: str) -> bool:
    """Python source of the package."""
    return path.startswith("src/") and path.endswith(".py")


def package_python_but(*outside: str) -> Callable[[str], bool]:
    """Python source of the package, without the files and folders ``outside`` (below src/foretell/)."""
    left_out = tuple(f"src/foretell/{name}" for name in outside)
    return lambda path: package_python(path) and not path.startswith(left_out)


def all_python(path: str) -> bool:
    """Python source anywhere in the repository."""
    return path.endswith(".py")


def test_python(path: str) -> bool:
    """Python source of the tests."""
    return path.startswith("tests/") and path.endswith(".py")
