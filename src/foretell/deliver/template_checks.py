"""What is wrong with the texts of a template or block, each with file and line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from foretell.definitions import Document, NodePath, Problem, nearest
from foretell.deliver.liquid_text import Mistake, mistakes
from foretell.deliver.mjml_text import mjml_fault
from foretell.deliver.template_variables import VARIABLES

Known = Mapping[str, tuple[str, ...] | None]


@dataclass(frozen=True)
class Source:
    """A text as it stands in a document.

    Args:
        field: ``html``, ``sms`` …
        path: where it stands.
        language: of the texts of another language.
    """

    field: str
    text: str
    path: NodePath
    language: str | None = None

    @property
    def is_html(self) -> bool:
        """Whether values are escaped in it."""
        return self.field in ("html", "mjml")

    @property
    def name(self) -> str:
        """What people call it: ``html``, ``de: subject``."""
        return f"{self.language}: {self.field}" if self.language else self.field

    def place(self, document: Document, offset: int) -> str:
        """File and line of a character; a text of several lines begins below its key (``|``)."""
        return self.line_place(document, self.text.count("\n", 0, max(offset, 0)) + 1)

    def line_place(self, document: Document, line: int) -> str:
        """File and line of a 1-based line of the text; of a document without lines the line within the text."""
        at, first = document.positions.at(self.path), document.positions.line(self.path)
        if at.startswith("#") or first is None:
            return f"{at}:{line}"
        return f"{document.positions.file}:{first + (line if chr(10) in self.text else 0)}"

    def problem(
        self, document: Document, offset: int, code: str, message: str, next_step: str, *, warning: bool = False
    ) -> Problem:
        """A problem at a character of the text."""
        place = self.place(document, offset)
        told = f"{self.name}: {message}"
        return Problem(code, told, document.name, place, next_step, "warning" if warning else "error")


def known_variables(further: Iterable[str]) -> dict[str, tuple[str, ...] | None]:
    """The variables that a template may use and their fields; None for any."""
    return {**VARIABLES, **dict.fromkeys(further)}


def text_problems(document: Document, source: Source, known: Known | None) -> Iterable[Problem]:
    """What is wrong with a text by itself.

    Args:
        known: variables and their fields; None: any (a block does not know in which templates it stands).
    """
    for mistake in mistakes(source.text, known, html=source.is_html):
        yield Problem(
            mistake.code,
            f"{source.name}: {mistake.message}",
            document.name,
            source.line_place(document, mistake.line),
            _next_step(mistake, known or VARIABLES),
        )
    if source.field == "mjml" and (fault := mjml_fault(source.text)) is not None:
        yield source.problem(
            document, fault.offset, "BROKEN_MJML", fault.message, "See https://documentation.mjml.io for its elements."
        )


def _next_step(mistake: Mistake, known: Known) -> str:
    if mistake.code == "UNKNOWN_VARIABLE":
        wanted = mistake.message.rpartition(" ")[2].strip("'\"")
        owner = mistake.message.partition(" has no ")[0]
        fields = known.get(owner) if " has no " in mistake.message else None
        names = list(fields) if fields else sorted(known)
        near = nearest(wanted, names)
        return f"Did you mean {near!r}?" if near else f"Known: {', '.join(names)}."
    return "See docs/rooms/deliver.md for how templates are written."
