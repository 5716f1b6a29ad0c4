"""What the demo says to do next."""

from __future__ import annotations

import pytest

from foretell.cli.demonstration import _show_next
from foretell.demo import DATASETS, Summary
from tests.support.small_events import NOW


def test_a_folder_with_a_space_can_be_typed(capsys: pytest.CaptureFixture[str]) -> None:
    _show_next(Summary("shop", "shop of mine", "EUR", NOW), DATASETS["shop"])
    assert "\n  cd 'shop of mine'\n" in capsys.readouterr().out
