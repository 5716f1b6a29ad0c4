"""What the answers about surveys look like."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from foretell.web.api.conditions import ConditionProblem, sound
from foretell.web.api.shapes import Counted, Estimate, Instant, Named

WrittenSurvey = Annotated[dict[str, Any], AfterValidator(sound)]
"""What a document says of a survey, as somebody sends it."""
KeptBy = Literal["app", "files"]
SurveyState = Literal["asking", "open", "quiet", "unused"]


class SurveyNumbers(BaseModel):
    """What came of a survey."""

    asked: int = Field(description="How often somebody was asked by a message; reminders are not counted.")
    answered: int = Field(description="Responses, whoever asked.")
    answered_asked: int = Field(description="Of those asked by a message, how many answered.")
    response: Estimate | None = Field(description="Share of those asked that answered, 90 %; null: nobody was asked.")
    complete: int = Field(description="Responses that came to the end.")
    last_answer_at: Instant | None


class SurveyScore(Estimate):
    """The score of a survey's main question, with its 90 % interval."""

    unit: Literal["points", "share", "mean"] = Field(
        description="points: -100 to 100; share: 0 to 1; mean: in the scale of the answers."
    )
    n: int = Field(description="Answers that it is made of.")


class SurveyRow(SurveyNumbers):
    """A survey in a list."""

    key: str
    title: str
    measure: str | None = Field(description="nps, csat, ces or stars; null where no question is scored.")
    questions: int
    languages: list[str]
    touchpoint: str | None
    anonymous: bool
    kept_by: KeptBy
    state: SurveyState = Field(
        description="asking: a running journey asks it; open: answers came within 30 days; quiet: they did before; "
        "unused: nobody answered yet."
    )
    score: SurveyScore | None = Field(description="Null where there are too few answers to say, or none is scored.")
    asked_by: list[Named] = Field(description="Journeys that ask it.")


class ReadySurveyBody(BaseModel):
    """A survey to begin with."""

    key: str
    title: str
    description: str
    languages: list[str]
    questions: int
    measure: str | None
    spec: dict[str, Any]
    there: bool = Field(description="The workspace has a survey of this key.")


class Surveys(BaseModel):
    """All surveys, by key, and those to begin with."""

    rows: list[SurveyRow]
    ready: list[ReadySurveyBody]


class TypeField(BaseModel):
    """A setting of a type of question, for a form."""

    name: str
    title: str
    kind: Literal["text", "flag", "whole", "choice", "words", "options"] = Field(
        description="text: by language; words: plain; options: a list of key and label by language."
    )
    description: str
    choices: list[str] = Field(description="Of a choice.")
    fixed: Any = Field(description="What holds where nothing is said.")
    required: bool


class QuestionTypeBody(BaseModel):
    """A type of question."""

    name: str
    title: str
    description: str
    scored: bool
    fields: list[TypeField] = Field(description="Beside those that all questions have.")
    example: dict[str, Any] = Field(description="A question of it to begin with, without its key.")


class QuestionTypes(BaseModel):
    """All types of question, those that are scored first."""

    rows: list[QuestionTypeBody]


class QuestionBody(BaseModel):
    """A question as the document has it."""

    key: str
    type: str
    ask: str = Field(description="In the language that was asked for, else the first.")
    required: bool
    when: str | None = Field(description="When it is asked, in words; null: always.")


class SurveyBody(SurveyRow):
    """One survey with its document."""

    revision: int = Field(description="In force; 0 where it has not been applied.")
    file: str
    spec: dict[str, Any]
    yaml: str
    asked_questions: list[QuestionBody]
    doubts: list[ConditionProblem]


class SurveyContent(BaseModel):
    """A survey as the builder sends it: the document's ``spec``."""

    model_config = ConfigDict(extra="forbid")

    spec: WrittenSurvey


class SurveyAsked(SurveyContent):
    """A survey that need not be saved."""

    key: str = Field("draft", max_length=200, description="Of the survey; any for a new one.")


class SurveyLook(BaseModel):
    """What a draft would be; nothing is kept of it."""

    problems: list[ConditionProblem] = Field(description="Everything that is wrong and doubtful; paths from the spec.")
    html_url: str | None = Field(
        description="Its hosted page; `?screen=2` another one of it, `language` in another; null where it is wrong."
    )
    screens: list[str] = Field(description="Its pages by what is asked on each, as keys; the last is the end.")
    languages: list[str]
    questions: list[QuestionBody]


class FunnelStage(BaseModel):
    """A stage from being asked to the end."""

    stage: Literal["sent", "opened", "clicked", "answered", "complete"]
    count: int
    share: Estimate | None = Field(description="Of the stage before, 90 %; null for the first and where that is empty.")


class CountedAnswer(BaseModel):
    """How many gave an answer."""

    value: str
    label: str
    count: int
    share: Estimate | None = Field(description="Of those who answered it, 90 %; null where nobody did.")


class PartResultBody(BaseModel):
    """What was answered to a part of a question, such as a row of a matrix; most questions have one."""

    path: str = Field(description="Behind `answers.`, such as liked or parts.price.")
    label: str | None = Field(description="What it is called beside the question; null where it is the question.")
    holds: Literal["number", "choice", "choices", "text"]
    n: int = Field(description="Responses that answered it.")
    mean: Estimate | None = Field(description="Of numbers; 90 %.")
    counts: list[CountedAnswer] = Field(description="In the order of the document; empty for texts.")


class QuestionResultBody(BaseModel):
    """What was answered to one question."""

    key: str
    type: str
    ask: str
    shape: Literal["one", "matrix", "parts"] = Field(description="matrix: parts with the same choices.")
    n: int = Field(description="Responses that answered it.")
    parts: list[PartResultBody]


class AnsweredPart(BaseModel):
    """Responses of one kind, such as those over one channel."""

    value: str | None = Field(description="Null where it is not known.")
    answered: int
    complete: int
    score: SurveyScore | None


class SurveyResults(SurveyNumbers):
    """What was answered, as far as the filters let through."""

    measure: str | None
    score: SurveyScore | None
    funnel: list[FunnelStage]
    questions: list[QuestionResultBody]
    by_channel: list[AnsweredPart]
    by_language: list[AnsweredPart]


class TextRow(BaseModel):
    """Words of one response."""

    response_id: str
    profile_id: str | None = Field(description="Null where it is anonymous or nobody is known.")
    person: str | None
    text: str
    language: str | None
    score: float | None
    answered_at: Instant


class Texts(Counted):
    """A page of what was written, the newest first."""

    rows: list[TextRow]


class AskingJourney(BaseModel):
    """A journey that asks a survey."""

    key: str
    title: str
    state: str
    step: str = Field(description="Id of the step that asks.")
    channel: str | None
    asked: int


class ReadyAsking(BaseModel):
    """A ready journey that asks a survey of this key, or one like it."""

    key: str
    title: str
    description: str
    there: bool


class PublicAddress(BaseModel):
    """Where everybody may answer a survey."""

    link: str = Field(description="Public address of its page.")
    page: str = Field(description="The same as this server answers it, to try it.")
    qr_svg: str = Field(description="The link as QR code, SVG.")
    snippet: str = Field(description="HTML that puts the survey into a page of one's own.")


class Sharing(BaseModel):
    """The ways to a survey."""

    public: PublicAddress | None = Field(description="Null where only who was invited may answer.")
    journeys: list[AskingJourney]
    ready: list[ReadyAsking]


class ResponseRow(BaseModel):
    """One response."""

    response_id: str
    profile_id: str | None = Field(description="Null where it is anonymous.")
    person: str | None = Field(description="Name, e-mail or user id, as far as known.")
    measure: str | None
    score: float | None
    text: str | None
    language: str | None
    channel: str | None
    touchpoint: str | None
    complete: bool
    anonymous: bool
    answered_at: Instant


class Responses(Counted):
    """A page of responses, the newest first."""

    rows: list[ResponseRow]


class AnswerBody(BaseModel):
    """An answer in words."""

    key: str
    ask: str
    answers: list[str] = Field(description="One a chosen option, or a row of a matrix.")


class ResponseBody(ResponseRow):
    """One response with every answer."""

    survey: str
    product_id: str | None
    order_id: str | None
    agent: str | None
    journey: str | None
    step: str | None
    message_id: str | None
    asked_at: Instant | None
    changed_at: Instant
    answers: list[AnswerBody]
