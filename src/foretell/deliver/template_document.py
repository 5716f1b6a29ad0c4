"""The ``template`` document: what a message says, in Liquid."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pydantic import BaseModel, ConfigDict, Field, model_validator

from foretell.definitions import Catalog, Document, Kind, Problem, nearest
from foretell.deliver.liquid_text import Mistake, mistakes

OFFER = ("key", "title", "code", "percent", "amount", "expires")
PRODUCT = ("product_id", "name", "price", "currency", "url", "image_url", "category", "source")
COMPANY = ("name", "address", "website", "email")
JOURNEY = ("key", "step", "campaign")
MESSAGE = ("id", "channel", "topic", "purpose", "at")
VARIABLES: Mapping[str, tuple[str, ...] | None] = {
    "person": None,
    "offer": OFFER,
    "product": PRODUCT,
    "company": COMPANY,
    "journey": JOURNEY,
    "message": MESSAGE,
    "tables": None,
    "unsubscribe_url": (),
    "preferences_url": (),
    "confirm_url": (),
    "purpose_title": (),
    "purpose_wording": (),
}
"""What every template may use; None: any field (the traits of people, their rows in own tables)."""
TEXTS = ("subject", "preheader", "html", "text", "sms", "alert")


class TemplateSpec(BaseModel):
    """A message."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str | None = Field(None, description="What people call it.")
    description: str | None = Field(None, description="What it is for.")
    subject: str | None = Field(None, description="Subject line of the e-mail.")
    preheader: str | None = Field(None, description="What inboxes show behind the subject.")
    html: str | None = Field(None, description="The e-mail's content; it is put into the layout.")
    text: str | None = Field(None, description="The e-mail as plain text; default: read from the HTML.")
    sms: str | None = Field(None, description="The text message.")
    alert: str | None = Field(None, description="The text of a push message or service alert; subject is its title.")
    variables: dict[str, str] = Field(
        default_factory=dict, description="Further variables that the sender gives, with what they are."
    )

    @model_validator(mode="after")
    def _says_something(self) -> TemplateSpec:
        if not any((self.html, self.text, self.sms, self.alert)):
            raise ValueError("the template says nothing; write html, text, sms or alert")
        if (self.html or self.text) and not self.subject:
            raise ValueError("an e-mail needs a subject")
        return self

    def fits(self, medium: str) -> bool:
        """Whether there is a text for ``medium``."""
        if medium == "email":
            return bool(self.html or self.text)
        return bool(self.sms if medium == "sms" else self.alert if medium in ("push", "alert") else False)


def spec_of(document: Document) -> TemplateSpec:
    """The content of a template document."""
    assert isinstance(document.spec, TemplateSpec)
    return document.spec


def known_variables(spec: TemplateSpec) -> dict[str, tuple[str, ...] | None]:
    """The variables that a template may use and their fields; None for any."""
    return {**VARIABLES, **dict.fromkeys(spec.variables)}


def _check(document: Document, _catalog: Catalog) -> Iterable[Problem]:
    spec = spec_of(document)
    known = known_variables(spec)
    for name in sorted(set(spec.variables) & set(VARIABLES)):
        yield Problem(
            "VARIABLE_TWICE",
            f"the variable {name!r} is there already",
            document.name,
            document.positions.at(("spec", "variables", name)),
            "Give it another name.",
        )
    for field in TEXTS:
        text = getattr(spec, field)
        if text is None:
            continue
        for mistake in mistakes(text, known, html=field == "html"):
            yield Problem(
                mistake.code,
                f"{field}: {mistake.message}",
                document.name,
                _place(document, field, text, mistake.line),
                _next_step(mistake, known),
            )


def _place(document: Document, field: str, text: str, line: int) -> str:
    """File and line of a line of a text; a text of several lines begins below its key (``|``)."""
    first = document.positions.line(("spec", field))
    if first is None:
        return document.positions.at(("spec", field))
    below = line if "\n" in text else 0
    return f"{document.positions.file}:{first + below}"


def _next_step(mistake: Mistake, known: Mapping[str, tuple[str, ...] | None]) -> str:
    if mistake.code == "UNKNOWN_VARIABLE":
        wanted = mistake.message.rpartition(" ")[2].strip("'\"")
        owner = mistake.message.partition(" has no ")[0]
        fields = known.get(owner) if " has no " in mistake.message else None
        names = list(fields) if fields else sorted(known)
        near = nearest(wanted, names)
        return f"Did you mean {near!r}?" if near else f"Known: {', '.join(names)}."
    return "See docs/rooms/deliver.md for how templates are written."


KIND = Kind("template", "templates", TemplateSpec, _check)
"""The kind ``template``, in the workspace's folder ``templates``."""
