"""Why a person's expected spend is what it is: how often, how surely, how much."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from foretell.predict.binary.reasons import said
from foretell.predict.features import Feature
from foretell.predict.value.outlook import Outlook
from foretell.stats import Floats


def value_reasons(outlook: Outlook, horizon: str, currency: str) -> pa.Array:
    """One JSON text a person with the three factors of the score; ``effect`` is the factor itself."""
    parts = [
        (Feature("expected_purchases", f"purchases to expect in {horizon}: {{}}", "number"), outlook.purchases),
        (Feature("alive", "chance of still being a customer: {}", "share"), outlook.alive),
        (Feature("spend", f"spend to expect at a purchase: {{}} {currency}", "money"), outlook.spend),
    ]
    joined = pc.binary_join_element_wise(*(_entry(feature, values) for feature, values in parts), ", ")
    return pc.binary_join_element_wise("[", joined, "]", "")


def _entry(feature: Feature, values: Floats) -> pa.Array:
    head = f'{{"feature": {json.dumps(feature.name)}, "words": "'
    effect = pc.round(pa.array(values), ndigits=4).cast(pa.string())
    words = said(feature, values.astype(np.float32))
    return pc.binary_join_element_wise(head, words, '", "effect": ', effect, "}", "")
