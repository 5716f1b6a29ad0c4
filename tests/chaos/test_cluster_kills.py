"""Two workers and three API processes on one PostgreSQL, killed at random, and the server with them.

Every acknowledged event is there once, nobody gets a mail twice or misses one, and what becomes of the shop is what
becomes of one that a single process served in files, undisturbed.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

from tests.support.cluster import EVENTS_A_PERSON, Cluster, Senders, cluster, free_ports, make_shop, serve, state

PEOPLE = 40
KILLS = 5
SEED = 20_260_722


def disturbed(shop: Cluster, senders: Senders, *, seed: int, kills: int, every_seconds: float) -> None:
    """Serve and send while somebody kills; on leaving everything has had its consequences."""
    shop.start()
    done = threading.Event()
    killer = threading.Thread(target=shop.disturb, args=(seed, kills, every_seconds, done))
    killer.start()
    senders.send_all()
    killer.join()
    done.set()
    shop.settle(senders.people)
    shop.stop()


def undisturbed(root: Path, people: int) -> dict[str, Any]:
    """What becomes of the same events in a shop in files that one process serves."""
    make_shop(root)
    (port,) = free_ports(1)
    running = serve(root, "--port", str(port))
    senders = Senders([port], people)
    senders.send_all()
    running.terminate()
    _, rest = running.communicate(timeout=60)
    assert running.returncode == 0, rest
    return state(root)


def test_killed_at_random_nothing_is_lost_or_doubled(tmp_path: Path) -> None:
    with cluster(tmp_path / "cluster") as shop:
        senders = Senders(shop.apis, PEOPLE)
        disturbed(shop, senders, seed=SEED, kills=KILLS, every_seconds=1.0)
        found = state(shop.root)
        assert set(shop.killed) == {"worker", "api", "postgres"}
    assert len(senders.acknowledged) == PEOPLE * EVENTS_A_PERSON
    assert {message for message, _ in found["events"]} == senders.acknowledged
    assert found["keys"] == 1
    assert set(found["inbox"].values()) == {1}
    assert len(found["inbox"]) == PEOPLE
    assert found == undisturbed(tmp_path / "alone", PEOPLE)
