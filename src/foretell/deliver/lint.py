"""What is doubtful about templates: no error, and yet nobody would want to send it so. Each with file and line."""

from __future__ import annotations

import re
from collections.abc import Iterator

from foretell.definitions import Catalog, Document, Problem, in_order
from foretell.deliver import block_document
from foretell.deliver.gaps import needs
from foretell.deliver.library import Library, Written, library_of, literal
from foretell.deliver.lint_html import html_doubts
from foretell.deliver.liquid_text import uses
from foretell.deliver.senders import senders
from foretell.deliver.sms_size import sms_size
from foretell.deliver.template_checks import Source
from foretell.deliver.template_document import TemplateSpec, sources, spec_of
from foretell.deliver.text_parts import with_strings
from foretell.errors import ForetellError

CLIPPED_BYTES = 102_000
"""Gmail shows no more of a message's HTML than 102 KB."""
_MOST_PARTS = 3
_SHOWN = {"email": ("html", "text"), "sms": ("sms",), "push": ("alert",), "alert": ("alert",)}
"""The texts of a medium."""
_ASKED_FIRST = re.compile(r"\{%-?\s*if\s+surveys?\b")
_NOT_MARKETING = ("service", "transactional")


def lint(catalog: Catalog, key: str | None = None) -> list[Problem]:
    """Doubts about all templates and blocks, or about one template; by file and line.

    Raises:
        ForetellError: ``UNKNOWN_DEFINITION`` for a template that is not there.
    """
    chosen = catalog.all("template") if key is None else [catalog.get("template", key)]
    found = [problem for document in chosen for problem in _template(catalog, document)]
    if key is None:
        found += [problem for document in catalog.all("block") for problem in _block(document)]
    return in_order(found)


def _block(document: Document) -> Iterator[Problem]:
    for source in block_document.block_sources(block_document.spec_of(document), ("spec",)):
        yield from _text(document, source)


def _template(catalog: Catalog, document: Document) -> Iterator[Problem]:
    spec = spec_of(document)
    for source in sources(spec):
        yield from _text(document, source)
    yield from _words(document, spec)
    yield from _address(catalog, document, spec)
    yield from _surveys(catalog, document)
    library = library_of(catalog)
    for language in library.languages(document.key):
        yield from _whole(library, document, language)


def _text(document: Document, source: Source) -> Iterator[Problem]:
    if source.is_html:
        yield from html_doubts(document, source)
    told = set()
    for need in needs(source.text, html=source.is_html):
        if need.name in told:
            continue
        told.add(need.name)
        if need.path[0] == "scores" and len(need.path) > 1:
            yield source.problem(
                document, need.offset, "SCORE_SHOWN", f"{need.name} tells people what is foreseen of them",
                "Ask for it ({% if %}) and say what follows for them instead.", warning=True,
            )  # fmt: skip
        elif need.path[0] in ("person", "product") and len(need.path) > 1 and not need.guarded:
            fails = need.path[0] == "product"
            what = "fails for people without a product" if fails else "leaves a gap for people without one"
            yield source.problem(
                document, need.offset, "NO_DEFAULT", f"{need.name} has no default and {what}",
                f"Write {{{{ {need.name} | default: '…' }}}}, or ask first: {{% if {need.name} %}}.", warning=True,
            )  # fmt: skip


def _words(document: Document, spec: TemplateSpec) -> Iterator[Problem]:
    """Strings that lack a language the template speaks."""
    spoken = [*([spec.language] if spec.language else []), *spec.languages]
    for name, words in spec.strings.items():
        lacking = [tag for tag in spoken if tag not in words and tag.partition("-")[0] not in words]
        if lacking:
            yield Problem(
                "MISSING_WORDS",
                f"strings.{name} has no words in {', '.join(lacking)}",
                document.name,
                document.positions.at(("spec", "strings", name)),
                "Write them, or people read another language there.",
                "warning",
            )


def _address(catalog: Catalog, document: Document, spec: TemplateSpec) -> Iterator[Problem]:
    if not spec.fits("email") or not is_marketing(catalog, document.key):
        return
    if not catalog.settings.sending.postal_address:
        yield Problem(
            "NO_POSTAL_ADDRESS",
            "advertising mail has to name a postal address, and the workspace has none",
            document.name,
            document.where,
            "Write sending.postal_address in foretell.yaml.",
            "warning",
        )
    for source in sources(spec):
        own_footer = source.field == "mjml" and "unsubscribe_url" in source.text and "blocks" not in source.path
        if own_footer and "company.address" not in source.text:
            yield source.problem(
                document, source.text.find("unsubscribe_url"), "NO_POSTAL_ADDRESS",
                "the mail has a footer of its own without the postal address",
                "Write {{ company.address }} into it.", warning=True,
            )  # fmt: skip


def _surveys(catalog: Catalog, document: Document) -> Iterator[Problem]:
    """A survey that is shown and not sent, or sent and not shown."""
    library = library_of(catalog)
    try:
        everywhere = [
            (language, library.written(document.key, language)) for language in library.languages(document.key)
        ]
    except ForetellError:
        return  # an error says so already
    for sender in senders(catalog, document.key):
        for language, written in everywhere:
            fields = [one for one in _SHOWN.get(sender.medium, ()) if one in written.texts]
            shown = [one for one in fields if _shows_survey(written, one)]
            unshown = [one for one in fields if one not in shown]
            if sender.surveys and unshown:
                what = f"the survey {', '.join(sender.surveys)} is sent by it ({sender.name}), and it shows none"
                next_step = "Write {{ survey.buttons }} or {{ survey.url }} into it."
                yield _survey_doubt(document, written, language, unshown[0], "SURVEY_NOT_SHOWN", what, next_step)
            elif not sender.surveys and not all(_asks(written, one) for one in shown):
                what = f"it shows a survey, and {sender.name} sends it without one"
                next_step = "Send it by a step `survey`, or ask first: {% if survey %}."
                yield _survey_doubt(document, written, language, shown[0], "SURVEY_NOT_SENT", what, next_step)


def _survey_doubt(
    document: Document, written: Written, language: str | None, field: str, code: str, what: str, next_step: str
) -> Problem:
    where = document.positions.at(_path(language, field))
    return Problem(code, f"{_named(written, field)}: {what}", document.name, where, next_step, "warning")


def _shows_survey(written: Written, field: str) -> bool:
    text = written.texts.get(field, "")
    return any(use.path[0] in ("survey", "surveys") for use in uses(text, html=field == "html"))


def _asks(written: Written, field: str) -> bool:
    """Whether a text asks first whether there is a survey."""
    return _ASKED_FIRST.search(written.texts.get(field, "")) is not None


def _whole(library: Library, document: Document, language: str | None) -> Iterator[Problem]:
    try:
        written = library.written(document.key, language)
    except ForetellError:
        return  # an error says so already
    spec = spec_of(document)
    field = "mjml" if spec.text_in(language, "mjml") else "html"
    weight = len(literal(written.texts.get("html", "")).encode())
    if weight > CLIPPED_BYTES:
        yield Problem(
            "TOO_HEAVY",
            f"{_named(written, field)}: the mail is {weight // 1024} KB without what it says of people; "
            "Gmail cuts it off at 102 KB, with the link to unsubscribe",
            document.name,
            document.positions.at(_path(language, field)),
            "Shorten it, or move styles out of the elements.",
            "warning",
        )
    if "sms" in written.texts:
        yield from _sms(document, written, language)


def _sms(document: Document, written: Written, language: str | None) -> Iterator[Problem]:
    size = sms_size(with_strings(literal(written.texts["sms"]), {}))
    where = document.positions.at(_path(language, "sms"))
    if size.odd:
        marks = " ".join(size.odd[:5])
        yield Problem(
            "SMS_UNICODE",
            f"{_named(written, 'sms')}: {marks} makes it Unicode: a part holds 70 characters instead of 160",
            document.name, where, "Write it with characters that every phone has.", "warning",
        )  # fmt: skip
    if size.parts > _MOST_PARTS:
        yield Problem(
            "SMS_LONG",
            f"{_named(written, 'sms')}: it is sent as {size.parts} text messages, each with its price",
            document.name, where, "Shorten it.", "warning",
        )  # fmt: skip


def _path(language: str | None, field: str) -> tuple[str, ...]:
    return ("spec", field) if language is None else ("spec", "languages", language, field)


def _named(written: Written, field: str) -> str:
    return f"{written.language}: {field}" if written.language else field


def is_marketing(catalog: Catalog, template: str) -> bool:
    """Whether somebody sends a template as advertising; one that nobody sends counts as such."""
    purposes = [sender.purpose for sender in senders(catalog, template)]
    return not purposes or any(purpose not in _NOT_MARKETING for purpose in purposes)
