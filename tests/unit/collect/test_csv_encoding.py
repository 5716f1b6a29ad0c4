"""A CSV file in another encoding than its source document says, however late that shows."""

from __future__ import annotations

from pathlib import Path

import pytest

from foretell.collect.readers import open_rows
from foretell.collect.source_model import SourceSpec
from foretell.errors import ForetellError

MAPPING = {"name": "visits", "track": "Visited", "timestamp": "when", "identifiers": {"user_id": "who"}}
ABOVE = "who,when,what\n" + "a,2024-01-01,x\n" * 600


def _spec(encoding: str) -> SourceSpec:
    return SourceSpec.model_validate({"format": "csv", "encoding": encoding, "mappings": [MAPPING]})


@pytest.mark.parametrize("row", ["a,2024-01-01,café\n", "a,2024-01-01,café,ragged\n"])
def test_another_encoding_is_told_beyond_the_first_block(
    row: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "visits.csv"
    file.write_bytes((ABOVE + row).encode("latin-1"))
    with pytest.raises((ForetellError, UnicodeDecodeError)) as raised:
        list(open_rows(file, _spec("utf-8")).batches)
    assert isinstance(raised.value, UnicodeDecodeError) or raised.value.code == "FILE_ENCODING"
    assert capfd.readouterr().err == ""


def test_a_ragged_row_is_put_aside_in_its_own_encoding(tmp_path: Path) -> None:
    file = tmp_path / "visits.csv"
    file.write_bytes((ABOVE + "a,2024-01-01,café,ragged\n").encode("latin-1"))
    opened = open_rows(file, _spec("latin-1"))
    assert sum(batch.num_rows for batch in opened.batches) == 600
    assert [(line, text) for line, _, text in opened.rejected] == [(602, "a,2024-01-01,café,ragged")]
