"""Why a search of parameters did not settle is told in words."""

from __future__ import annotations

import inspect
import re

from foretell.predict.models import likelihood
from foretell.predict.value.verdict import _UNSETTLED


def test_every_reason_of_a_search_has_words() -> None:
    reasons = set(re.findall(r'"([A-Z]+_?[A-Z]+)"', inspect.getsource(likelihood)))
    assert reasons == set(_UNSETTLED) == {"AT_EDGE", "FLAT", "NOT_REACHED"}
    assert all(words.islower() for words in _UNSETTLED.values())
