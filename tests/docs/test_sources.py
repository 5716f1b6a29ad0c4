"""Data that ship with the repository are what their SOURCE.md says."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from tools.files import repository_files

LISTED = re.compile(r"^- `([0-9a-f]{64})` (\d+) (\S+)$", re.M)
DATA_ENDINGS = (".parquet", ".txt", ".csv", ".xlsx", ".gz", ".jsonl")


def test_every_listed_file_is_unchanged(repository: Path) -> None:
    sources = [repository / file.path for file in repository_files(repository) if file.path.endswith("/SOURCE.md")]
    assert len(sources) >= 2
    for source in sources:
        text = source.read_text(encoding="utf-8")
        listed = LISTED.findall(text)
        assert listed, f"{source} lists no file"
        assert "icence" in text or "made public" in text, f"{source} names no licence"
        for digest, size, name in listed:
            data = (source.parent / name).read_bytes()
            assert (len(data), hashlib.sha256(data).hexdigest()) == (int(size), digest), name


def test_no_big_data_file_is_without_a_source(repository: Path) -> None:
    big = [
        repository / file.path
        for file in repository_files(repository)
        if file.path.endswith(DATA_ENDINGS) and len(file.data) > 50_000
    ]
    assert big
    assert [path for path in big if path.name not in (path.parent / "SOURCE.md").read_text()] == []


def test_the_notice_names_every_data_set(repository: Path) -> None:
    notice = (repository / "NOTICE").read_text()
    folders = [file.path.removesuffix("SOURCE.md") for file in repository_files(repository) if "SOURCE.md" in file.path]
    assert [folder for folder in folders if folder not in notice] == []
