"""Testing: what Foretell's own tests and its users' tests share.

Enters: the environment that says where to kill. Leaves: a process that dies at a counted point
(:mod:`foretell.testing.crashes`), a PostgreSQL of one's own. Called by tests and benchmarks; no room imports this
package.
"""

from __future__ import annotations

from foretell.testing.crashes import ENVIRONMENT_VARIABLE, count_or_die, install
from foretell.testing.postgres import PostgresServer, postgres_server

__all__ = ["ENVIRONMENT_VARIABLE", "PostgresServer", "count_or_die", "install", "postgres_server"]
