"""Templates made ready: for each language the Liquid that is rendered for a person, put together once.

A template's strings, blocks, layout or MJML, and the plain text read from its HTML, are one text a field; per person
nothing but Liquid runs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path

from foretell.definitions import Catalog, Document
from foretell.deliver.block_document import block_of
from foretell.deliver.languages import chosen
from foretell.deliver.liquid_text import Use, uses
from foretell.deliver.mjml_text import mail_of
from foretell.deliver.phrases import phrases
from foretell.deliver.plain_text import text_with_liquid
from foretell.deliver.template_document import TemplateSpec, spec_of
from foretell.deliver.text_fields import BlockSpec, said
from foretell.deliver.text_parts import LIQUID, blocks_named, escaped, with_blocks, with_strings, with_topic

FIELDS = ("subject", "html", "text", "sms", "alert")
# Many mail programs drop classes, so a button carries its looks with it.
_BUTTON_CLASS = re.compile(r'class="button"')
_BUTTON = (
    'class="button" style="display:inline-block;background:#0B6A94;color:#FFFFFF;padding:12px 20px;'
    'border-radius:4px;text-decoration:none;font-weight:600;"'
)
_FOOTER = (
    "{{{{ company.name }}}}{{% if company.address %}} · {{{{ company.address }}}}{{% endif %}}<br>\n"
    '<a class="foot" href="{{{{ unsubscribe_url }}}}" style="color:#5B6875;">{unsubscribe}</a> · '
    '<a class="foot" href="{{{{ preferences_url }}}}" style="color:#5B6875;">{choose}</a>'
)
_HIDDEN = '<div style="display:none;max-height:0;overflow:hidden;mso-hide:all;">{}</div>\n'


@cache
def _layout() -> str:
    return Path(__file__).with_name("layout.html").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Written:
    """A template in one language.

    Args:
        language: of its texts, as a tag.
        texts: field (of :data:`FIELDS`) → Liquid; ``html`` is the whole page.
        blocks: the blocks that its texts name.
    """

    template: str
    language: str
    texts: Mapping[str, str]
    blocks: Mapping[str, BlockSpec]

    @cached_property
    def roots(self) -> frozenset[str]:
        """The variables that its texts name."""
        return frozenset(use.path[0] for use in self._uses())

    @cached_property
    def traits(self) -> frozenset[str] | None:
        """The traits that its texts name; None where one is not known before (``person[event.field]``)."""
        named = [use.path for use in self._uses() if use.path[0] == "person"]
        return frozenset(path[1] for path in named) if all(len(path) > 1 for path in named) else None

    def _uses(self) -> Iterator[Use]:
        return (use for name, text in self.texts.items() for use in uses(text, html=name == "html"))


@dataclass
class Library:
    """The templates of a catalog, each language put together when it is first needed."""

    catalog: Catalog
    _written: dict[tuple[str, str | None], Written] = field(default_factory=dict)

    def written(self, template: str, wanted: str | None) -> Written:
        """A template for somebody who reads ``wanted`` (a language tag, None: unknown).

        Raises:
            ForetellError: ``UNKNOWN_DEFINITION``, ``BROKEN_DEFINITION``, ``BROKEN_MJML``.
        """
        document = self.catalog.get("template", template)
        language = chosen(wanted, spec_of(document).languages)
        found = self._written.get((template, language))
        if found is None:
            found = self._written[template, language] = _made(self.catalog, document, language)
        return found

    def languages(self, template: str) -> tuple[str | None, ...]:
        """The languages a template is written in; None for that of its own texts."""
        return (None, *spec_of(self.catalog.get("template", template)).languages)

    def everywhere(self, template: str) -> list[Written]:
        """A template in each of its languages."""
        return [self.written(template, language) for language in self.languages(template)]

    def roots(self, template: str) -> frozenset[str]:
        """The variables that a template names in any language."""
        return frozenset().union(*(one.roots for one in self.everywhere(template)))

    def traits(self, template: str) -> frozenset[str] | None:
        """The traits that a template names in any language; None: any."""
        named = [one.traits for one in self.everywhere(template)]
        return None if None in named else frozenset().union(*(one for one in named if one is not None))


_KEPT: list[Library] = []
_MOST_KEPT = 4


def library_of(catalog: Catalog) -> Library:
    """The library of a catalog; the same as long as the catalog is."""
    found = next((one for one in _KEPT if one.catalog is catalog), None)
    if found is None:
        found = Library(catalog)
        _KEPT.append(found)
        del _KEPT[:-_MOST_KEPT]
    return found


def _made(catalog: Catalog, document: Document, language: str | None) -> Written:
    spec = spec_of(document)
    tag = language or spec.language or "en"
    strings = _strings(spec, tag)
    blocks = {
        key: block
        for key in _all_blocks(spec, language)
        if (block := block_of(catalog, dict(spec.blocks), key)) is not None
    }

    def words(name: str) -> str:
        return with_strings(spec.text_in(language, name) or "", strings)

    def filled(name: str, form: str) -> str:
        return with_blocks(words(name), _block_in(blocks, tag, strings, form))

    texts = {"subject": words("subject")}
    for name in ("sms", "alert"):
        if spec.text_in(language, name):
            texts[name] = filled(name, "sms")
    if spec.fits("email"):
        texts |= _email(filled, words, tag)
    return Written(document.key, tag, texts, blocks)


def _email(filled: Callable[[str, str], str], words: Callable[[str], str], tag: str) -> dict[str, str]:
    told = phrases(tag)
    footer = _FOOTER.format(unsubscribe=escaped(told["unsubscribe"]), choose=escaped(told["choose"]))
    preheader = escaped(words("preheader"))
    texts: dict[str, str] = {}
    if source := filled("mjml", "mjml"):
        texts["html"] = _in_language(mail_of(source, preheader, footer), tag)
        texts["text"] = text_with_liquid(mail_of(source, "", ""))
    elif source := filled("html", "html"):
        content = _BUTTON_CLASS.sub(_BUTTON, source)
        parts = {
            "lang": tag,
            "subject": escaped(words("subject")),
            "preheader": _HIDDEN.format(preheader) if preheader else "",
            "footer": footer,
            "content": content,
        }
        texts["html"] = re.sub(r"\[\[(\w+)\]\]", lambda found: parts[found[1]], _layout())
        texts["text"] = text_with_liquid(content)
    if source := filled("text", "text"):
        texts["text"] = source
    return texts


def _in_language(html: str, tag: str) -> str:
    return html.replace('lang="und"', f'lang="{tag}"')


def _strings(spec: TemplateSpec, tag: str) -> dict[str, str]:
    told = {}
    for name, words in spec.strings.items():
        language = chosen(tag, words) or chosen(spec.language, words) or next(iter(words), None)
        told[name] = words[language] if language else ""
    return told


def _all_blocks(spec: TemplateSpec, language: str | None) -> list[str]:
    texts = (spec.text_in(language, name) or "" for name in ("html", "mjml", "text", "sms", "alert"))
    return list(dict.fromkeys(key for text in texts for key, _ in blocks_named(text)))


def _block_in(
    blocks: Mapping[str, BlockSpec], tag: str, strings: Mapping[str, str], form: str
) -> Callable[[str], str | None]:
    """Gives what a block says in a form (``html``, ``mjml``, ``text``, ``sms``)."""

    def words(key: str) -> str | None:
        block = blocks.get(key)
        if block is None:
            return None
        language = chosen(tag, block.languages)
        own = block.languages[language] if language else None
        told = (own and said(own, form)) or said(block, form)
        if told is None and form == "text":
            html = (own and (own.html or _mail(own.mjml))) or block.html or _mail(block.mjml)
            told = text_with_liquid(html) if html else None
        if told is None and form == "mjml" and (html := (own and own.html) or block.html):
            told = f"<mj-section><mj-column><mj-text>{html}</mj-text></mj-column></mj-section>"
        return None if told is None else with_topic(with_strings(told, strings), block.topic)

    return words


def _mail(mjml: str | None) -> str | None:
    return mail_of(mjml, "", "") if mjml else None


def literal(text: str) -> str:
    """``text`` without its Liquid: what is the same for everybody."""
    return LIQUID.sub("", text)
