"""The ``survey`` document: what is asked in which words, who is asked how often, how its pages look."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, WithJsonSchema

from foretell.clock import Duration
from foretell.definitions import Document, DurationText, ShareNumber
from foretell.deliver import LanguageText
from foretell.errors import UsageError
from foretell.listen.surveys.branding import Brand
from foretell.listen.surveys.question_types import QUESTION_TYPES, Question, Scale, type_of
from foretell.listen.surveys.target import ScoreTarget
from foretell.listen.surveys.words import Words, counted, languages_in, text_of

MEASURES = ("nps", "csat", "ces", "stars")
"""The scales that scores are told in."""
_NO_TYPE = "no type"


class _Typeless(Question):
    """Stands for a question whose type there is not; its problem names those there are."""

    type: Annotated[Literal[tuple(sorted(QUESTION_TYPES))], WithJsonSchema({"not": {}})]  # type: ignore[valid-type]


def _tag(name: str) -> str:
    # No key of a document has a space, so that a problem's path never takes it for one.
    return f"a {name} question"


def _discriminate(raw: Any) -> str:
    name = raw.get("type") if isinstance(raw, Mapping) else getattr(raw, "type", None)
    return _tag(name if isinstance(name, str) and name in QUESTION_TYPES else _NO_TYPE)


if TYPE_CHECKING:
    AnyQuestion = Question
else:  # the members of the union are only known when the folder has been scanned
    _MODELS = [*((name, one.model) for name, one in QUESTION_TYPES.items()), (_NO_TYPE, _Typeless)]
    AnyQuestion = Annotated[
        Union[tuple(Annotated[model, Tag(_tag(name))] for name, model in _MODELS)],  # noqa: UP007
        Discriminator(_discriminate),
    ]


class Reminder(BaseModel):
    """A message to somebody who has not answered."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    after: DurationText = Field(description="So long after the invitation.")


class SurveySpec(BaseModel):
    """A survey."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: Words = Field(description="What people read at its head: a text, or one for each language.")
    description: str | None = Field(None, description="What it is for; people who answer do not see it.")
    owner: str | None = Field(None, description="Who answers for it.")
    intro: Words | None = Field(None, description="A few words above the first question.")
    language: LanguageText | None = Field(
        None, description="Language that others fall back on: that of texts without a language, else English."
    )
    purpose: str | None = Field(
        None, min_length=1, max_length=64, description="Purpose of consent of its invitations: survey, marketing …"
    )
    touchpoint: str | None = Field(
        None, min_length=1, max_length=64, description="What it is about: delivery, support …"
    )
    measure: Literal["nps", "csat", "ces", "stars"] | None = Field(
        None, description="Scale of the scores of answers that come from elsewhere; default: that of the main question."
    )
    anonymous: bool = Field(False, description="Nothing connects an answer with whoever gave it.")
    questions: Annotated[tuple[AnyQuestion, ...], counted(1, 100)] = Field(
        description="The questions; the first with a score is the main one."
    )
    layout: Literal["together", "one_by_one"] = Field(
        "together", description="together: as many questions on a page as can be; one_by_one: each on its own."
    )
    thanks: Words | None = Field(None, description="What the last page says.")
    closed: bool = Field(False, description="Nobody can answer any more.")
    public: bool = Field(True, description="Anybody may answer at its public address; false: only who was invited.")
    again_after: DurationText | None = Field("90d", description="Nobody is asked again for so long; null: always.")
    sample: ShareNumber | None = Field(None, gt=0, le=1, description="Share of people who are asked: 25%.")
    expires: DurationText | None = Field("30d", description="How long the link of an invitation is good.")
    reminders: tuple[Reminder, ...] = Field((), max_length=5, description="Messages to those who do not answer.")
    targets: tuple[ScoreTarget, ...] = Field((), description="What the score is to become, and by when.")
    brand: Brand | None = Field(None, description="How its pages look; default: the workspace's name, our colours.")

    def question(self, key: str) -> Question | None:
        """The question called ``key``."""
        return next((one for one in self.questions if one.key == key), None)


def spec_of(document: Document) -> SurveySpec:
    """The content of a survey document."""
    assert isinstance(document.spec, SurveySpec)
    return document.spec


def require_public(document: Document) -> None:
    """Raise ``NOT_PUBLIC`` where a survey may only be answered by those who were invited."""
    if not spec_of(document).public:
        raise UsageError(
            "NOT_PUBLIC", "this survey may only be answered by an invitation", thing=document.name,
            next_step="Invite people by a journey, or write public: true.",
        )  # fmt: skip


def scale_of(question: Question) -> Scale | None:
    """The numbers by which a question is answered, with what their ends mean; None where it has no score."""
    return type_of(question).scale(question)


def main_question(spec: SurveySpec) -> Question | None:
    """The first question with a score, whose score is that of the response; None where there is none."""
    return next((one for one in spec.questions if scale_of(one) is not None), None)


def main_text(spec: SurveySpec) -> Question | None:
    """The first open question, whose words are those of the response; None where there is none."""
    return next((one for one in spec.questions if one.type == "text"), None)


def measure_of(spec: SurveySpec, key: str = "") -> str | None:
    """The scale of its scores: what it says, that of its main question, or its key where that is one."""
    main = main_question(spec)
    scale = None if main is None else scale_of(main)
    return spec.measure or (scale.measure if scale is not None else key if key in MEASURES else None)


def title_of(document: Document, language: str | None = None) -> str:
    """What people call it."""
    spec = spec_of(document)
    return text_of(spec.title, language, spec.language)


def languages_of(spec: SurveySpec) -> tuple[str, ...]:
    """The languages in which it speaks, its own first; empty where all texts are for everybody."""
    found = languages_in(words_of(spec))
    own = () if spec.language is None else (spec.language,)
    return tuple(dict.fromkeys((*own, *found)))


def words_of(spec: SurveySpec) -> Iterator[str | dict[str, str] | None]:
    """Everything that it says to people."""
    yield from (spec.title, spec.intro, spec.thanks)
    for question in spec.questions:
        yield from type_of(question).words(question)


def duration_of(text: str | None) -> Duration | None:
    """A length of time; None where there is none."""
    return None if text is None else Duration.parse(text)
