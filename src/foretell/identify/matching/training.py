"""Learning without labels how often pairs of one person, and of two, agree on each field.

``u``, the shares among two people, are counted over pairs drawn at random, nearly all of which are two people.
``m``, the shares among one person's pairs, come from expectation maximisation over pairs that agree on something,
several times with another something; a field learns nothing from pairs that were chosen by it. How likely two
random records are one person's is counted from agreement on what hardly two people share, then set right from the
scores themselves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from foretell.engine import linkage
from foretell.identify.matching.blocking import SURE, affordable, candidates, candidates_among, joined, training_rules
from foretell.identify.matching.document import MatchingSpec
from foretell.identify.matching.fields import FULL_NAME, Field
from foretell.identify.matching.linker import linker_on, registered
from foretell.identify.matching.model import Learnt, Model, spec_print
from foretell.identify.matching.scoring import pairs_within, with_prior
from foretell.identify.matching.shares import levels_told, share_in, shares_of
from foretell.identify.matching.splink_settings import settings
from foretell.identify.matching.thresholds import expected_precision, prior_from, starting_at

if TYPE_CHECKING:
    from splink import Linker
    from splink.internals.blocking_rule_creator import BlockingRuleCreator
    from splink.internals.database_api import DatabaseAPI
    from splink.internals.splink_dataframe import SplinkDataFrame

SEED = 20
RANDOM_PAIRS = 300_000
_LEARNING_PAIRS = 1_000_000
_SURE_RECALL = 0.8
"""Share of one person's pairs that agree on one of :data:`SURE`; only where the search for the prior begins."""
_MOST_PRIOR = 0.1


def train(records: pa.Table, fields: Sequence[Field], spec: MatchingSpec, *, now: datetime) -> tuple[Model, pa.Table]:
    """Learn from ``records``; the same records give the same model.

    Args:
        records: with ``fresh``, True throughout.

    Returns:
        the model, and the pairs that it found likely (see :func:`foretell.identify.matching.scoring.pairs_within`).
    """
    compared = tuple(field for field in fields if field.name != FULL_NAME)
    rules = affordable(candidates(spec, compared), records, spec.most_pairs)
    drawn_by = training_rules(spec, compared, records)
    with linkage() as place:
        learnt, prior = _shares(place, records, compared, [rule.sql for rule in drawn_by])
    everybody = records.num_rows * (records.num_rows - 1) // 2
    first = _model(spec, fields, compared, learnt, prior, now, {})
    scored = pairs_within(first, records, rules)
    prior = prior_from(scored["weight"], prior, everybody)
    scored = with_prior(scored, prior)
    join_from = starting_at(scored["probability"], spec.join_at)
    figures = {
        "records": records.num_rows,
        "pairs_compared": sum(rule.pairs for rule in rules),
        "rules": len(rules),
        "learnt_from_rules": len(drawn_by),
    }
    precision = expected_precision(scored["probability"], join_from)
    found = Model(
        0, now, first.spec_print, compared, learnt, prior, join_from, min(spec.review_at, join_from), precision, figures
    )
    return found, scored


def _model(
    spec: MatchingSpec,
    fields: Sequence[Field],
    compared: tuple[Field, ...],
    learnt: Mapping[str, tuple[Learnt, ...]],
    prior: float,
    now: datetime,
    figures: Mapping[str, int],
) -> Model:
    print_ = spec_print(spec, fields)
    return Model(0, now, print_, compared, learnt, prior, 1.0, 0.0, 1.0, figures)


def _shares(
    place: DatabaseAPI[Any], records: pa.Table, fields: tuple[Field, ...], rules: Sequence[str]
) -> tuple[dict[str, tuple[Learnt, ...]], float]:
    """Shares by field and level, and the prior to begin with."""
    here = registered(place, records)
    linker = linker_on(here, settings(fields, rules or ["1 = 0"]))
    linker.training.estimate_u_using_random_sampling(max_pairs=RANDOM_PAIRS, seed=SEED, num_chunks=1)
    prior = _sure_prior(linker, fields, records.num_rows)
    begun = linker.misc.save_model_to_json()
    told = [found for rule in rules if (found := _learnt_under(here, begun, rule)) is not None]
    random_pairs = min(RANDOM_PAIRS, records.num_rows * (records.num_rows - 1) // 2)
    u = levels_told(begun)
    return {
        field.name: shares_of(
            field, u[field.name], [one[field.name] for one in told if field.name in one], random_pairs
        )
        for field in fields
    }, prior


def _learnt_under(here: SplinkDataFrame, begun: dict[str, Any], rule: str) -> dict[str, list[float | None]] | None:
    """``m`` of the levels of each field that could be learnt from pairs drawn by ``rule``; None where none could:
    no such pair, or a share that vanished on the way."""
    linker = linker_on(here, begun)
    try:
        linker.training.estimate_parameters_using_expectation_maximisation(rule, max_pairs=_LEARNING_PAIRS)
    except _splink_errors():
        return None
    before, after = levels_told(begun), levels_told(linker.misc.save_model_to_json())
    found = {
        name: [share_in(level, "m_probability") for level in levels]
        for name, levels in after.items()
        if [share_in(level, "m_probability") for level in levels]
        != [share_in(level, "m_probability") for level in before[name]]
    }
    return found or None


def _splink_errors() -> tuple[type[Exception], ...]:
    from splink.internals.exceptions import EMTrainingException, SplinkException

    return (EMTrainingException, SplinkException, ValueError)


def _sure_prior(linker: Linker, fields: Sequence[Field], count: int) -> float:
    """How likely two random records are one person's, from agreement that is hardly chance."""
    rules: list[str | BlockingRuleCreator] = [
        joined(f'l."{name}" = r."{name}"' for name in rule) for rule in candidates_among(SURE, fields)
    ]
    floor = 1.0 / max(count * count, 2)
    if not rules:
        return max(1.0 / max(count, 10), floor)
    with suppress(ValueError):
        linker.training.estimate_probability_two_random_records_match(rules, recall=_SURE_RECALL)
    found = float(linker.misc.save_model_to_json()["probability_two_random_records_match"])
    return min(max(found, floor), _MOST_PRIOR)
