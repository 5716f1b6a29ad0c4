"""Every test here runs on every pair of stores, and gives the same answers on all of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from unittest import mock

import pytest
from pyspark.sql.classic.dataframe import DataFrame

from foretell.engine.spark.java import java_home
from foretell.errors import ForetellError
from tests.support.pairs import PAIRS, everywhere


@pytest.fixture(autouse=True, scope="session")
def answers_in_one_task() -> Iterator[None]:
    """What Spark answers is brought together by one task: fifty questions in a query would else be fifty tasks, and
    each of them reads the plan of all fifty anew.
    """
    known = DataFrame.toArrow

    def in_one_task(frame: DataFrame) -> Any:
        return known(frame.coalesce(1))

    with mock.patch.object(DataFrame, "toArrow", in_one_task):
        yield


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
