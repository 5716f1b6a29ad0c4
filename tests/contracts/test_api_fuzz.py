"""Every operation of ``/api`` under requests made from its own description: it answers, and never with a 500.

``FORETELL_FUZZ_CALLS`` sets how many calls are tried of each operation.
"""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from collections.abc import Iterator
from typing import Any

import hypothesis
import pytest
import schemathesis
from schemathesis import Case
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode

from tests.support.served_workspace import LOCAL, Served, served
from tests.support.small_workspace import EVENTS

CALLS = int(os.environ.get("FORETELL_FUZZ_CALLS", "2"))
SETTINGS = hypothesis.settings(
    max_examples=CALLS, derandomize=True, deadline=None, database=None, phases=[hypothesis.Phase.generate],
    suppress_health_check=list(hypothesis.HealthCheck),
)  # fmt: skip


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A workspace of its own: what the calls change is gone afterwards."""
    with served(tmp_path_factory.mktemp("shop"), events=EVENTS) as found:
        yield found


def shape_of(operation: Any) -> str:
    """What can be right or wrong with a call of an operation, whatever its parameters are called."""
    raw = operation.definition.raw
    parts = [
        [one["in"], one.get("required"), {k: v for k, v in one["schema"].items() if k not in ("title", "description")}]
        for one in raw.get("parameters", [])
    ]
    return json.dumps([sorted(map(json.dumps, parts)), raw.get("requestBody")])


def test_no_operation_fails(shop: Served, capsys: pytest.CaptureFixture[str]) -> None:
    described = schemathesis.openapi.from_dict(shop.browser.get("/api/openapi.json").json())
    operations = [found.ok() for found in described.get_all_operations() if isinstance(found, Ok)]
    statuses: Counter[int] = Counter()
    wrong: list[str] = []

    def call(case: Case) -> None:
        request = case.as_transport_kwargs(base_url=LOCAL)
        known = {name: request[name] for name in ("params", "json", "cookies") if request.get(name)}
        if request.get("data"):
            known["content"] = request["data"]
        headers = {name: str(value) for name, value in (request.get("headers") or {}).items()}
        path = request["url"].removeprefix(LOCAL)
        answer = shop.browser.request(request["method"], path, headers=headers, **known)
        statuses[answer.status_code] += 1
        if answer.status_code >= 500:
            wrong.append(f"{answer.status_code}: {case.as_curl_command()}")

    never: set[tuple[str, GenerationMode]] = set()  # nothing can be wrong with a text, and to look for it takes long
    for operation in operations:
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            if (shape_of(operation), mode) not in never:
                try:
                    SETTINGS(hypothesis.given(operation.as_strategy(generation_mode=mode))(call))()
                except hypothesis.errors.Unsatisfiable:
                    never.add((shape_of(operation), mode))
    assert {mode for _, mode in never} == {GenerationMode.NEGATIVE}, "each operation can be called rightly"
    assert wrong == []
    assert len(operations) > 30
    plain = [one for one in operations if "{" not in one.path]  # made-up names are unknown
    assert statuses[200] > len(plain) / 2
    assert statuses[404] + statuses[422] + statuses[400] > len(operations)
    with capsys.disabled():
        sys.stdout.write(
            f" {sum(statuses.values()):,} calls of {len(operations)} operations: {dict(sorted(statuses.items()))} "
        )
