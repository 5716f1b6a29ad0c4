"""The draft of a journey: the same fields, none of which has to be there yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Union

from pydantic import BaseModel, ConfigDict, Field, create_model

from foretell.definitions import KeyText
from foretell.journey.document import JourneySpec
from foretell.journey.steps import STEP_KINDS

_WIDER: dict[str, Any] = {
    str(float): float | str,  # shares are written as 0.1 or 10%
    str(dict[str, float]): dict[str, float | str],
}


class _Unmarked(BaseModel):
    """A step that does not say yet what it does."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    key: KeyText | None = Field(None, description="Name of the step within the journey.")
    title: str | None = Field(None, description="What people call it.")
    next: KeyText | None = Field(None, description="Step that follows.")


def _loose(model: type[BaseModel], name: str, *, marked: str = "", **replaced: Any) -> Any:
    """``model`` with every field optional but the one that marks it; its checks across fields are left out."""
    fields: dict[str, Any] = {}
    for field, info in model.model_fields.items():
        kind = replaced.get(field, _WIDER.get(str(info.annotation)) or _whole(info))
        told: dict[str, Any] = {name: getattr(info, name) for name in ("description", "json_schema_extra", "alias")}
        if field in replaced:
            fields[field] = (kind, Field(default_factory=list, **told))
        elif field == marked:
            fields[field] = (Union[kind, None], Field(..., **told))  # noqa: UP007
        else:
            fields[field] = (Union[kind, None], Field(None, **told))  # noqa: UP007
    config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)
    return create_model(name, __config__=config, __doc__=model.__doc__, **fields)


def _whole(info: Any) -> Any:
    return Annotated[info.annotation, *info.metadata] if info.metadata else info.annotation


def _steps() -> Any:
    models = [
        _loose(kind.model, f"{kind.model.__name__}Draft", marked=_marking(kind.model, kind.name))
        for kind in STEP_KINDS.values()
    ]
    return Union[(*models, _Unmarked)]


def _marking(model: type[BaseModel], name: str) -> str:
    """The field that a document calls ``name``."""
    return next(field for field, info in model.model_fields.items() if name in (field, info.alias))


if TYPE_CHECKING:

    class JourneyDraft(BaseModel):
        """A journey that is being made."""

else:
    JourneyDraft = _loose(JourneySpec, "JourneyDraft", steps=list[_steps()])
