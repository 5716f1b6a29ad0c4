"""Case rules: which cases open by themselves, and rules to begin with."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from foretell import care
from foretell.condition import parse, sentence
from foretell.web.api.saving import NOT_SAVED, SavedDocument, save
from foretell.web.site import Here

router = APIRouter(prefix="/case-rules", tags=["cases"])


class CaseRuleRow(BaseModel):
    """A kind of case."""

    key: str
    title: str
    team: str | None
    due: str | None
    opens: list[str] = Field(description="What opens its cases by itself, in plain words; empty: journeys and people.")


class ReadyCaseRule(BaseModel):
    """A rule to begin with."""

    key: str
    title: str
    description: str
    opens: list[str]
    needs: list[str] = Field(description="Documents that have to be there first.")


class CaseRules(BaseModel):
    """All case rules, and those to begin with that the workspace does not have."""

    rows: list[CaseRuleRow]
    ready: list[ReadyCaseRule]


@router.get("")
def listed_case_rules(site: Here) -> CaseRules:
    """Kinds of cases with what opens them."""
    catalog = site.workspace.catalog
    documents = sorted(catalog.all("case_rule"), key=lambda one: one.key)
    rows = []
    for document in documents:
        spec = care.rule_of(catalog, document.key)
        assert spec is not None
        rows.append(
            CaseRuleRow(
                key=document.key, title=spec.title or document.key.replace("_", " ").capitalize(), team=spec.team,
                due=spec.due, opens=_said(spec),
            )
        )  # fmt: skip
    there = {row.key for row in rows}
    ready = [
        ReadyCaseRule(
            key=one.key, title=one.title, description=one.description, opens=_said(one.spec),
            needs=[name for name in one.needs if not catalog.has(*name.split(" ", 1))],
        )
        for one in care.ready_rules()
        if one.key not in there
    ]  # fmt: skip
    return CaseRules(rows=rows, ready=ready)


@router.post("/ready/{key}", responses=NOT_SAVED, response_model=SavedDocument)
def begin_with_case_rule(
    site: Here, key: str, team: Annotated[str | None, Query(max_length=64, description="Whose the cases are.")] = None
) -> SavedDocument | JSONResponse:
    """Put a case rule to begin with in force, kept by the app; it opens cases from then on."""
    fitted = care.fitted_rule(site.workspace.catalog, key, team)
    return save(site, "case_rule", key, fitted.spec, 0)


def _said(spec: care.CaseRuleSpec) -> list[str]:
    return [sentence(parse(one.written)) for one in spec.opens]
