"""What a message says, as documents write it: the fields of a template, of its languages and of blocks."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from foretell.condition import ConditionField
from foretell.definitions import KeyText

TEXTS = ("subject", "preheader", "html", "mjml", "text", "sms", "alert")
"""Fields of a template that are written in Liquid."""
BLOCK_TEXTS = ("html", "mjml", "text", "sms")
_TAG = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*\Z")


def _language(text: str) -> str:
    """A language tag as it is kept: ``de``, ``de-CH``."""
    from babel import Locale, UnknownLocaleError  # loaded with the first language that is named

    tag = text.strip().replace("_", "-")
    try:
        known = _TAG.match(tag) is not None and Locale.parse(tag.split("-")[0]) is not None
    except (ValueError, UnknownLocaleError):
        known = False
    if not known:
        raise ValueError(f"{text!r} is no language; write e.g. de or de-CH")
    head, *rest = tag.split("-")
    return "-".join([head.lower(), *(part.upper() if len(part) == 2 else part.title() for part in rest)])


LanguageText = Annotated[str, AfterValidator(_language), Field(json_schema_extra={"examples": ["de", "de-CH"]})]
"""A language, with a region where it matters (BCP 47)."""


class Texts(BaseModel):
    """What a message says in one language; what is left out is said in the language of the template."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    subject: str | None = Field(None, description="Subject line of the e-mail.")
    preheader: str | None = Field(None, description="What inboxes show behind the subject.")
    html: str | None = Field(None, description="The e-mail's content; it is put into the layout.")
    mjml: str | None = Field(None, description="The e-mail in MJML instead of html: whole, or what is in its body.")
    text: str | None = Field(None, description="The e-mail as plain text; default: read from the HTML.")
    sms: str | None = Field(None, description="The text message.")
    alert: str | None = Field(None, description="The text of a push message or service alert; subject is its title.")


class BlockTexts(BaseModel):
    """What a block says in one language."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    html: str | None = Field(None, description="Its HTML, for e-mails written in HTML.")
    mjml: str | None = Field(None, description="Its MJML, for e-mails written in MJML: sections of the body.")
    text: str | None = Field(None, description="Its plain text; default: read from its HTML.")
    sms: str | None = Field(None, description="What text messages say in its place; default: nothing.")


class BlockSpec(BlockTexts):
    """A part of messages that only those see for whom a condition holds."""

    title: str | None = Field(None, description="What people call it.")
    description: str | None = Field(None, description="What it is for.")
    when: ConditionField | None = Field(None, description="Who sees it; without a condition everybody.")
    topic: str | None = Field(None, description="What it is about: its links tell it with every click.")
    languages: dict[LanguageText, BlockTexts] = Field(default_factory=dict, description="Its texts in other languages.")


class BlockUse(BlockSpec):
    """A block of one template; ``use`` takes the texts of a block document."""

    use: KeyText | None = Field(None, description="Key of a block document whose texts, condition and topic it takes.")


def said(texts: BaseModel, field: str) -> str | None:
    """A field of texts; None where it says nothing."""
    found: Any = getattr(texts, field)
    return found if isinstance(found, str) else None
