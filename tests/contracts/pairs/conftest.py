"""Every test here runs on every pair of stores, and gives the same answers on all of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from foretell.engine.spark.java import java_home
from foretell.errors import ForetellError
from tests.support.pairs import PAIRS, everywhere


@pytest.fixture(params=PAIRS)
def pair(request: pytest.FixtureRequest) -> Iterator[str]:
    """The pair in which all workspaces of the test lie."""
    name: str = request.param
    if name.endswith("+spark"):
        try:
            java_home()
        except ForetellError as error:
            pytest.fail(str(error), pytrace=False)
    with everywhere(name):
        yield name
