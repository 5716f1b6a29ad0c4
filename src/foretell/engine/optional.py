"""Packages that only some workspaces need."""

from __future__ import annotations

from importlib.util import find_spec

from foretell.errors import UsageError


def require(package: str, extra: str, what: str) -> None:
    """Make sure that ``package`` is installed before anything of it is imported.

    Args:
        extra: the extra of foretell that brings it.
        what: for what it is needed.

    Raises:
        UsageError: ``EXTRA_MISSING``.
    """
    if find_spec(package) is None:
        raise UsageError(
            "EXTRA_MISSING",
            f"{what} needs the package {package}",
            next_step=f"Install it: pip install 'foretell[{extra}]'.",
        )
