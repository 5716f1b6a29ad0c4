"""Where records are linked: a calculator of its own for Splink, which writes its steps as SQL.

Who links records knows Splink and not the store that it computes on; on another engine this door gives Splink's
interface to that one.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from foretell.engine.scratch import private_calculator

if TYPE_CHECKING:
    from splink.internals.database_api import DatabaseAPI


@contextmanager
def linkage() -> Iterator[DatabaseAPI[Any]]:
    """Splink's interface to a calculator that nobody else uses; nothing of what it computed stays behind.

    It sees only what is registered with it, and keeps to the memory of a calculation.
    """
    # It takes a third of a second to load, and hardly any command links records.
    from splink.backends.duckdb import DuckDBAPI

    # Its hints speak to whoever writes settings by hand; ours are checked before.
    logging.getLogger("splink").setLevel(logging.CRITICAL)
    with private_calculator() as connection:
        yield DuckDBAPI(connection)
