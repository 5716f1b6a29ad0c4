"""Churn of the IBM Telco customers through the real commands, beside what it has to reach.

``python -m tools.telco CSV`` makes a workspace of the published file (columns as traits that are all known at one
instant, ``Churn`` = Yes as a ``Subscription Cancelled`` within the horizon), runs ``foretell import`` and ``foretell
predict train --json`` on it, and prints the report's metrics against the targets and the logistic baseline; 1 where one
is missed.
"""

from __future__ import annotations

import argparse
import csv
import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from foretell.stats import proportion_interval

KNOWN, LEFT, AS_OF = "2024-01-01T00:00:00Z", "2024-01-15T00:00:00Z", "2024-01-31T00:00:00Z"
PEOPLE, CHURNERS = 7_043, 1_869
TARGETS = {"roc_auc": 0.847, "log_loss": 0.413, "brier": 0.1345, "ece": 0.012}
MORE_IS_BETTER = ("roc_auc",)
LEVEL = 0.95
_ID, _OUTCOME = "customerID", "Churn"
_SETTINGS = "name: Telco\nzone: UTC\ncurrency: USD\n"
_PREDICTION = """kind: prediction
key: churn
spec:
  outcome: {did: Subscription Cancelled}
  horizon: 30d
  population: {trait: tenure, exists: true}
"""


def source(columns: Sequence[str]) -> str:
    """The source document: one mapping tells who somebody is, the other that they have left."""
    traits = "\n".join(f"        {column}: {column}" for column in columns if column not in (_ID, _OUTCOME))
    return f"""kind: source
key: customers
spec:
  format: csv
  history: true
  mappings:
    - name: people
      when: record = 'person'
      identify: true
      timestamp: at
      message_id: concat('person:', {_ID})
      identifiers: {{user_id: {_ID}}}
      traits:
{traits}
    - name: leaving
      when: record = 'leaving'
      track: Subscription Cancelled
      timestamp: at
      message_id: concat('leaving:', {_ID})
      identifiers: {{user_id: {_ID}}}
"""


def workspace(file: Path, root: Path) -> None:
    """A workspace in ``root`` with its documents, and the file with a row for each thing that is told."""
    with file.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    leavers = [row for row in rows if row[_OUTCOME] == "Yes"]
    if (len(rows), len(leavers)) != (PEOPLE, CHURNERS):
        raise SystemExit(
            f"{file} has {len(rows):,} people and {len(leavers):,} who left, not {PEOPLE:,} and {CHURNERS:,}."
        )
    told = [{**row, "record": "person", "at": KNOWN} for row in rows]
    told += [{**row, "record": "leaving", "at": LEFT} for row in leavers]
    for folder in ("sources", "predictions"):
        (root / folder).mkdir(parents=True)
    (root / "foretell.yaml").write_text(_SETTINGS, encoding="utf-8")
    (root / "sources" / "customers.yaml").write_text(source(list(rows[0])), encoding="utf-8")
    (root / "predictions" / "churn.yaml").write_text(_PREDICTION, encoding="utf-8")
    with (root / "customers.csv").open("w", encoding="utf-8", newline="") as made:
        writer = csv.DictWriter(made, list(told[0]))
        writer.writeheader()
        writer.writerows(told)


def trained(root: Path) -> Mapping[str, Any]:
    """The report of a training by the real commands."""
    command = [sys.executable, "-m", "foretell"]
    subprocess.run([*command, "import", "customers.csv", "--source", "customers"], cwd=root, check=True)
    training = [*command, "predict", "train", "churn", "--as-of", AS_OF, "--json"]
    answer = subprocess.run(training, cwd=root, check=True, stdout=subprocess.PIPE)
    report: Mapping[str, Any] = json.loads(answer.stdout)
    return report


def judged(report: Mapping[str, Any]) -> tuple[list[str], bool]:
    """Lines to print, and whether everything is reached."""
    lines, well = [f"{'':10}{'ours':>9}{'target':>9}{'logistic':>10}"], True
    for name, target in TARGETS.items():
        ours, other = report["metrics"][name], report["baseline"][name]
        sign = 1 if name in MORE_IS_BETTER else -1
        reached = sign * (ours - target) >= 0 and sign * (ours - other) > 0
        well = well and reached
        lines.append(f"{name:10}{ours:9.4f}{target:9.4f}{other:10.4f}  {'reached' if reached else 'MISSED'}")
    chosen = report["calibration"]["at_70_percent"]
    found = proportion_interval(chosen["precision"] * chosen["n"], chosen["n"], LEVEL)
    inside = found.low <= chosen["mean_probability"] <= found.high
    lines.append(
        f"at 70 %: {chosen['n']} people, mean probability {chosen['mean_probability']:.3f}, precision "
        f"{found.value:.3f} ({found.low:.3f} to {found.high:.3f})  {'reached' if inside else 'MISSED'}"
    )
    return [*lines, report["verdict"]], well and inside


def main() -> int:
    """Run it; 1 where a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("csv", type=Path, help="Telco-Customer-Churn.csv")
    parser.add_argument("--keep", type=Path, help="make the workspace here, and keep it")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="foretell-telco-") as folder:
        root = options.keep or Path(folder)
        workspace(options.csv, root)
        lines, well = judged(trained(root))
    print("\n".join(lines))
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
