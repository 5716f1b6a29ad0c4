"""Testing: what Foretell's own tests and its users' tests share.

Killing a process at counted points (:mod:`foretell.testing.crashes`). No room imports this package.
"""

from __future__ import annotations

from foretell.testing.crashes import ENVIRONMENT_VARIABLE, count_or_die, install

__all__ = ["ENVIRONMENT_VARIABLE", "count_or_die", "install"]
