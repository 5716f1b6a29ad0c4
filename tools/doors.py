"""An import-linter contract: a room is entered by its package, never by a file inside it.

The built-in ``protected`` contract needs one entry a room, with its list of importers; a room that
nobody entered in the list would stand open. This one holds for every package of the container, the
ones that come later included.

A room may publish a name that one of its files has too (``scratch`` from ``scratch.py``): what stands in
the package's ``__all__`` is public, and ``from room import name`` is an import of the name.
"""

from __future__ import annotations

import ast
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output


class DoorsContract(Contract):
    """No module imports what lies inside a sibling package of its own room.

    Options: ``container`` (the package whose children are the rooms) and
    ``broken_contract_guidance`` (a sentence that is printed below the findings).
    """

    type_name = "doors"

    container = fields.StringField()
    broken_contract_guidance = fields.TextField(required=False)

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        """Findings are triples (importer, imported, line)."""
        container = str(self.container)
        findings = []
        for inner in sorted(graph.modules):
            room = _room(inner, container)
            if room is None or inner == room:
                continue
            for importer in sorted(graph.find_modules_that_directly_import(inner)):
                if _room(importer, container) == room:
                    continue
                for detail in graph.get_import_details(importer=importer, imported=inner):
                    if not _is_public(inner, room, detail["line_contents"]):
                        findings.append((importer, inner, detail["line_number"]))
        return ContractCheck(kept=not findings, metadata={"findings": findings})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """One line a finding, then the guidance."""
        for importer, imported, line in check.metadata["findings"]:
            output.print_error(f"- {importer} -> {imported} (l.{line})", bold=False)
        output.new_line()
        if self.broken_contract_guidance:
            output.print(str(self.broken_contract_guidance))


def _room(module: str, container: str) -> str | None:
    """The child of ``container`` in which ``module`` lies; None for anything outside."""
    head = container + "."
    if not module.startswith(head):
        return None
    return head + module.removeprefix(head).split(".", 1)[0]


def _is_public(inner: str, room: str, line: str) -> bool:
    """True where ``line`` takes a published name of ``room`` that is spelled like the file ``inner``."""
    name = inner.removeprefix(room + ".")
    return line.split()[:3] == ["from", room, "import"] and name in _published(room)


@cache
def _published(room: str) -> frozenset[str]:
    """The names in ``__all__`` of a package, read without running it."""
    spec = find_spec(room)
    if spec is None or spec.origin is None:
        return frozenset()
    for node in ast.parse(Path(spec.origin).read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and any(ast.unparse(target) == "__all__" for target in node.targets):
            return frozenset(ast.literal_eval(node.value))
    return frozenset()
