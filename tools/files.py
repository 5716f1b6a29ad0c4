"""The files that belong to the repository: the tracked ones, and the new ones that git would take."""

from __future__ import annotations

import ast
import subprocess
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class SourceFile:
    """One file; ``path`` is relative to the repository, with forward slashes."""

    path: str
    data: bytes

    @cached_property
    def text(self) -> str | None:
        """Its text, or None where it is not UTF-8 text (pictures, Parquet)."""
        if b"\0" in self.data:
            return None
        try:
            return self.data.decode("utf-8")
        except UnicodeDecodeError:
            return None

    @cached_property
    def tree(self) -> ast.Module:
        """Its syntax tree, for Python source; raises ``SyntaxError``."""
        return ast.parse(self.text or "", filename=self.path)

    @property
    def is_python(self) -> bool:
        """True for Python source."""
        return self.path.endswith(".py")


def repository_files(root: Path = ROOT) -> list[SourceFile]:
    """All files of the repository below ``root``, in the order of their paths.

    What ``.gitignore`` names is left out. Raises ``subprocess.CalledProcessError`` where ``root`` is
    not a git work tree.
    """
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=root, check=True, capture_output=True).stdout
    names = sorted({name for name in listed.decode("utf-8").split("\0") if name})
    return [SourceFile(name, (root / name).read_bytes()) for name in names if (root / name).is_file()]
