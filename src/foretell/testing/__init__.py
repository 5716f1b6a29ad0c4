"""Testing: what Foretell's own tests and its users' tests share.

Enters: the environment that says where to kill. Leaves: a process that dies at a counted point
(:mod:`foretell.testing.crashes`). Called by tests; no room imports this package.
"""

from __future__ import annotations

from foretell.testing.crashes import ENVIRONMENT_VARIABLE, count_or_die, install

__all__ = ["ENVIRONMENT_VARIABLE", "count_or_die", "install"]
