"""An erasure on a disk that is full: a clear error, nothing lost, and the same command goes on when there is room."""

from __future__ import annotations

import json
from pathlib import Path

from tests.support.small_disk import on_own_disk
from tests.support.story_shop import write_shop

SCRIPT = """
cd {disk} && cp -r {shop}/foretell.yaml {shop}/sources . && foretell import {shop}/site.jsonl --source site 2> /dev/null
foretell query "{question}" --json > {out}/before
foretell query "SELECT user_id FROM profiles WHERE user_id IS NOT NULL ORDER BY 1 LIMIT 1" --json > {out}/who
who=$(python -c "import json; print(json.load(open('{out}/who'))[0]['user_id'])")
used=$(df --output=used -B1024 . | tail -1)
remount size=$((used + 300))k
foretell privacy erase user_id:$who --yes > {out}/full 2> {out}/full.err
echo $? > {out}/full.status
remount size=300m
foretell query "{question}" --json > {out}/between
foretell privacy erase user_id:$who --json > {out}/again 2> {out}/again.err
foretell run > {out}/run 2>&1
foretell query "{question}" --json > {out}/after
foretell privacy certificates --json > {out}/certificates
"""
QUESTION = (
    "SELECT event, count(*) AS n, count(DISTINCT CAST(timestamp AS DATE)) AS days FROM events "
    "WHERE source <> 'foretell' GROUP BY event ORDER BY event"
)


def test_a_full_disk_stops_an_erasure_and_loses_nothing(tmp_path: Path, foretell_command: Path) -> None:
    shop, out = tmp_path / "shop", tmp_path / "out"
    shop.mkdir()
    out.mkdir()
    write_shop(shop)
    script = SCRIPT.format(disk=tmp_path / "disk", shop=shop, out=out, question=QUESTION)
    done = on_own_disk(script, tmp_path / "disk", megabytes=300, path=foretell_command.parent)
    said = {path.name: path.read_text() for path in out.iterdir()}
    assert said["full.status"].strip() == "1", (done.stderr, said)
    assert "disk is full" in said["full.err"]
    assert json.loads(said["between"]) == json.loads(said["before"])
    assert json.loads(said["after"]) == json.loads(said["before"])
    (certificate,) = json.loads(said["certificates"])
    assert certificate["state"] == "done"
