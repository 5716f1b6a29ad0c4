"""A server under the eyes of those who run it: JSON lines alone on standard error, metrics, ids, no secret anywhere."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path

import httpx

from tests.support.commands import environment
from tests.support.small_workspace import write_documents

TOKEN, FOR_METRICS, KEY = "token-of-the-whole-app-0001", "token-for-metrics-alone-02", "write-key-of-the-site-00003"
ASKED = "asked-by-the-balancer-17"


def test_a_server_is_watched(foretell_command: Path, tmp_path: Path) -> None:
    write_documents(tmp_path)
    with (tmp_path / "foretell.yaml").open("a") as settings:
        settings.write("secrets: {write_key_site: '${SITE_KEY}'}\n")
    variables = {
        "FORETELL_TOKEN": TOKEN,
        "FORETELL_METRICS_TOKEN": FOR_METRICS,
        "FORETELL_LOG_FORMAT": "json",
        "FORETELL_LOG_LEVEL": "info",
        "SITE_KEY": KEY,
    }
    running = subprocess.Popen(
        [foretell_command, "serve", "--port", "0", "--no-open"],
        cwd=tmp_path, env=environment(**variables), stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert running.stderr is not None
        first = running.stderr.readline()
        started = json.loads(first)
        assert "address" in started, first
        assert (started["role"], started["level"]) == ("all", "info")
        with httpx.Client(base_url=started["address"], timeout=60) as client:
            body = {"writeKey": KEY, "userId": "u1", "event": "X", "context": {"traits": {"email": "anna@c.example"}}}
            assert client.post("/v1/track", json=body).status_code == 200
            wrong = client.post("/v1/track", json=body | {"writeKey": "no-such-key-of-anybody"})
            assert wrong.status_code == 401
            known = {"authorization": f"Bearer {TOKEN}", "x-request-id": ASKED}
            missing = client.get("/api/profiles/email:anna2@c.example", headers=known)
            assert (missing.status_code, missing.json()["request_id"]) == (404, ASKED)
            assert client.get("/metrics").status_code == 401
            scraped = client.get("/metrics", headers={"authorization": f"Bearer {FOR_METRICS}"}).text
        running.send_signal(signal.SIGTERM)
        rest = running.communicate(timeout=60)[1]
    finally:
        running.kill()
        running.communicate()
    assert running.returncode == 0
    lines = [json.loads(line) for line in rest.splitlines()]
    told = [line for line in lines if line.get("request_id") == ASKED]
    assert [(line["route"], line["status"]) for line in told] == [("/api/profiles/{identifier}", 404)]
    assert 'foretell_ingest_requests_total{door="v1",outcome="accepted"} 1.0' in scraped
    for hidden in (TOKEN, FOR_METRICS, KEY, "no-such-key", "anna", "c.example"):
        assert hidden not in first + rest + scraped, hidden
