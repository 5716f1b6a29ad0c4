"""The cluster test for as long as wanted: processes and PostgreSQL are killed at random while events come in.

``python -m tools.cluster_kills [--minutes 5] [--seed 1] [--every 3] [--workers 4]``; ends with an error where an
acknowledged event is missing or doubled, somebody got no mail or two, or the shop is not what an undisturbed one is.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import threading
import time
from pathlib import Path

from tests.chaos.test_cluster_kills import undisturbed
from tests.support.cluster import EVENTS_A_PERSON, Senders, cluster, state


def main() -> int:
    """Run it and tell what happened; 1 where something is wrong."""
    options = _options()
    with tempfile.TemporaryDirectory() as folder, cluster(Path(folder) / "cluster", options.workers) as shop:
        until = time.monotonic() + options.minutes * 60
        senders = Senders(shop.apis, 0, until, pause_seconds=options.pause)
        shop.start()
        done = threading.Event()
        told = (options.seed, sys.maxsize, options.every, done)
        killer = threading.Thread(target=shop.disturb, args=told)
        killer.start()
        senders.send_all()
        done.set()
        killer.join()
        ended = time.monotonic()
        shop.settle(senders.people)
        settled_seconds = time.monotonic() - ended
        shop.stop()
        found = state(shop.root)
        alone = undisturbed(Path(folder) / "alone", senders.people)
    wrong = [name for name in alone if found[name] != alone[name]]
    if {message for message, _ in found["events"]} != senders.acknowledged:
        wrong.append("acknowledged")
    print(f"{senders.people:,} people, {senders.people * EVENTS_A_PERSON:,} events, {len(found['inbox']):,} mails")
    print(", ".join(f"{count} × {what}" for what, count in sorted(shop.killed.items())), "killed")
    print(f"settled after {settled_seconds:.1f} s;", f"wrong: {', '.join(wrong)}" if wrong else "nothing is wrong")
    return int(bool(wrong))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=5.0, help="how long events come in")
    parser.add_argument("--seed", type=int, default=1, help="of what is killed when")
    parser.add_argument("--every", type=float, default=3.0, help="seconds between kills, on average")
    parser.add_argument("--workers", type=int, default=4, help="processes that apply and send")
    parser.add_argument("--pause", type=float, default=0.2, help="seconds between two people of a sender")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
