"""A value prediction's model as files: one JSON for buying, one for spending, the rest on the card."""

from __future__ import annotations

from typing import Any

from foretell.predict.files import StoredModel
from foretell.predict.models import GammaGamma
from foretell.predict.value.outlook import ValueModel
from foretell.predict.value.train import MODELS

_BUYING, _SPENDING = "buying.json", "spending.json"


def value_files(model: ValueModel) -> dict[str, bytes]:
    """File name → content."""
    files = {_BUYING: model.buying.to_json().encode()}
    if model.spending is not None:
        files[_SPENDING] = model.spending.to_json().encode()
    return files


def value_card(model: ValueModel) -> dict[str, Any]:
    """Everything that is not in the files."""
    return {"buying": model.buying.kind, "usual_spend": model.usual_spend, "rate": model.rate}


def load_value(stored: StoredModel) -> ValueModel:
    """The model of checked files; raises ``MODEL_OTHER`` where a file holds another kind of model."""
    content = stored.card["content"]
    buying = MODELS[content["buying"]].from_json(stored.files[_BUYING].decode(), _BUYING)
    spending = None
    if _SPENDING in stored.files:
        spending = GammaGamma.from_json(stored.files[_SPENDING].decode(), _SPENDING)
    return ValueModel(buying, spending, float(content["usual_spend"]), float(content["rate"]))
