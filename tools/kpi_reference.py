"""Write ``docs/reference/kpis.md`` from the KPI documents themselves, so that the two cannot differ.

``.venv/bin/python -m tools.kpi_reference --write`` writes the page, without it the page is printed.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

from foretell.measure import Kpi, KpiSpec, built_in_kpis, measure_of
from tools.files import ROOT

PAGE = ROOT / "docs" / "reference" / "kpis.md"
HEAD = """# KPIs

Written by `python -m tools.kpi_reference --write` from the documents in `src/foretell/measure/kpis/`; edit
those, not this page. What the words mean is told in [the room's page](../rooms/measure.md).
"""
INTERVALS = {
    "none": "none",
    "wilson": "Wilson's score interval",
    "mean": "Student's t over people",
    "bootstrap": "bootstrap over people",
    "scale": "adjusted Wald over people",
}


def page() -> str:
    """The whole page as Markdown."""
    known = built_in_kpis()
    rows = [
        f"| [`{kpi.key}`](#{kpi.key}) | {kpi.spec.title} | {kpi.spec.unit} | {measure_of(kpi, known)} |"
        for kpi in known.values()
    ]
    table = ["| key | title | unit | measure |", "|---|---|---|---|", *rows, ""]
    sections = [line for kpi in known.values() for line in _section(kpi, measure_of(kpi, known))]
    return "\n".join([HEAD, *table, *sections, *_document()])


def _section(kpi: Kpi, measure: str) -> Iterator[str]:
    spec = kpi.spec
    yield from (f"## {kpi.key}", "", f"**{spec.title}.** {spec.description}", "")
    facts = [f"unit {spec.unit}", f"{measure} measure", f"{spec.direction} is good"]
    if spec.formula is None:
        facts += [f"{spec.people} people", f"interval: {INTERVALS[spec.interval]}"]
    if spec.look_ahead:
        facts.append(f"looks {spec.look_ahead} ahead")
    yield from (" · ".join(facts), "")
    if spec.sql is not None:
        yield from ("```sql", spec.sql.rstrip(), "```", "")
    else:
        yield from (f"Formula: `{spec.formula}`", "")


def _document() -> Iterator[str]:
    yield from ("## The document", "", "| key of `spec` | values | needed | meaning |", "|---|---|---|---|")
    described = KpiSpec.model_json_schema()
    for name, part in described["properties"].items():
        needed = "yes" if name in described.get("required", []) else "no"
        yield f"| `{name}` | {_values(part)} | {needed} | {part.get('description', '')} |"
    yield ""


def _values(part: dict[str, Any]) -> str:
    """What may be written, from a JSON schema."""
    if "enum" in part:
        return ", ".join(f"`{value}`" for value in part["enum"])
    if "anyOf" in part:
        return ", ".join(_values(each) for each in part["anyOf"] if each.get("type") != "null")
    return {"string": "text", "number": "number"}.get(str(part.get("type")), "mapping")


def main(arguments: list[str]) -> int:
    """Print the page, or with ``--write`` put it in its place."""
    text = page()
    if "--write" in arguments:
        PAGE.write_text(text, encoding="utf-8")
    else:
        sys.stdout.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
