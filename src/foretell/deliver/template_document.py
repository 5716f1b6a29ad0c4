"""The ``template`` document: what a message says, in Liquid, in one language or several."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pydantic import Field, model_validator

from foretell.definitions import Catalog, Document, Kind, Problem, suggestion
from foretell.deliver.block_document import block_of, block_sources, condition_problems, named_by
from foretell.deliver.template_checks import Source, known_variables, text_problems
from foretell.deliver.template_variables import VARIABLES
from foretell.deliver.text_fields import TEXTS, BlockUse, LanguageText, Texts, said
from foretell.deliver.text_parts import blocks_named, strings_named


class TemplateSpec(Texts):
    """A message."""

    title: str | None = Field(None, description="What people call it.")
    description: str | None = Field(None, description="What it is for.")
    language: LanguageText | None = Field(
        None, description="Language of the texts above; people whose language is not there read them."
    )
    languages: dict[LanguageText, Texts] = Field(
        default_factory=dict,
        description="The texts in other languages: de-CH falls back on de, and that on the texts above.",
    )
    strings: dict[str, dict[LanguageText, str]] = Field(
        default_factory=dict, description="Words by language, for {{ strings.NAME }} in every text."
    )
    blocks: dict[str, BlockUse] = Field(
        default_factory=dict, description="Parts that only some people see, for {{ blocks.NAME }}."
    )
    topic: str | None = Field(None, description="What it is about, where the sender does not say.")
    variables: dict[str, str] = Field(
        default_factory=dict, description="Further variables that the sender gives, with what they are."
    )

    @model_validator(mode="after")
    def _says_something(self) -> TemplateSpec:
        if not any((self.html, self.mjml, self.text, self.sms, self.alert)):
            raise ValueError("the template says nothing; write html, mjml, text, sms or alert")
        if (self.html or self.mjml or self.text) and not self.subject:
            raise ValueError("an e-mail needs a subject")
        if self.html and self.mjml:
            raise ValueError("the e-mail is written twice; keep html or mjml")
        return self

    def fits(self, medium: str) -> bool:
        """Whether there is a text for ``medium``."""
        if medium == "email":
            return bool(self.html or self.mjml or self.text)
        return bool(self.sms if medium == "sms" else self.alert if medium in ("push", "alert") else False)

    @property
    def media(self) -> tuple[str, ...]:
        """The media that it has a text for."""
        return tuple(medium for medium in ("email", "sms", "push", "alert") if self.fits(medium))

    def text_in(self, language: str | None, field: str) -> str | None:
        """A text in a language of :func:`~foretell.deliver.languages.chosen`; what it leaves out is said as above.

        A language that writes its own ``html`` or ``mjml`` reads neither of the other's, nor their plain text.
        """
        own = self.languages.get(language) if language else None
        if own is None:
            return said(self, field)
        if (own.html or own.mjml) and field in ("html", "mjml", "text"):
            return said(own, field)
        if own.text and field in ("html", "mjml"):
            return None
        return said(own, field) or said(self, field)


def spec_of(document: Document) -> TemplateSpec:
    """The content of a template document."""
    assert isinstance(document.spec, TemplateSpec)
    return document.spec


def sources(spec: TemplateSpec) -> Iterator[Source]:
    """Every text of a template with where it stands, its own blocks included."""
    for field in TEXTS:
        if (text := said(spec, field)) is not None:
            yield Source(field, text, ("spec", field))
    for language, texts in spec.languages.items():
        for field in TEXTS:
            if (text := said(texts, field)) is not None:
                yield Source(field, text, ("spec", "languages", language, field), language)
    for name, words in spec.strings.items():
        for language, text in words.items():
            yield Source("strings", text, ("spec", "strings", name, language), language)
    for key, block in spec.blocks.items():
        yield from block_sources(block, ("spec", "blocks", key))


def _check(document: Document, catalog: Catalog) -> Iterable[Problem]:
    spec = spec_of(document)
    known = known_variables(spec.variables)
    for name in sorted(set(spec.variables) & set(VARIABLES)):
        yield Problem(
            "VARIABLE_TWICE",
            f"the variable {name!r} is there already",
            document.name,
            document.positions.at(("spec", "variables", name)),
            "Give it another name.",
        )
    for language, texts in spec.languages.items():
        if texts.html and texts.mjml:
            yield Problem(
                "WRITTEN_TWICE",
                "the e-mail is written twice",
                document.name,
                document.positions.at(("spec", "languages", language)),
                "Keep html or mjml.",
            )
    for source in sources(spec):
        yield from text_problems(document, source, known)
        yield from _names(document, catalog, spec, source)
    for key, block in spec.blocks.items():
        yield from condition_problems(document, block, ("spec", "blocks", key), catalog)


def _names(document: Document, catalog: Catalog, spec: TemplateSpec, source: Source) -> Iterable[Problem]:
    """Blocks and strings that a text names and nobody wrote."""
    shared = [one.key for one in catalog.all("block")]
    for key, offset in blocks_named(source.text):
        if block_of(catalog, spec.blocks, key) is None and not catalog.has("block", key):
            yield source.problem(
                document,
                offset,
                "UNKNOWN_BLOCK",
                f"there is no block called {key!r}",
                suggestion(key, sorted({*spec.blocks, *shared}), what="blocks"),
            )
    for key, offset in strings_named(source.text):
        if key not in spec.strings:
            yield source.problem(
                document,
                offset,
                "UNKNOWN_STRING",
                f"there is no string called {key!r}",
                suggestion(key, sorted(spec.strings), what="strings"),
            )


def _refers(document: Document) -> Iterator[tuple[str, str]]:
    spec = spec_of(document)
    for block in spec.blocks.values():
        yield from named_by(block)
        if block.use is not None:
            yield ("block", block.use)


KIND = Kind("template", "templates", TemplateSpec, _check, _refers)
"""The kind ``template``, in the workspace's folder ``templates``."""
