"""The stores of these tests are made, not copied."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.ready_stores import made_stores


@pytest.fixture(autouse=True, scope="package")
def made_anew() -> Iterator[None]:
    """Every store begins with nothing."""
    with made_stores():
        yield
