"""The Spark of a test run: one driver, one task at a time, made for questions to few rows."""

from __future__ import annotations

from pathlib import Path

from foretell.engine import LakePlace

MASTER = "local[1]"
CHEAP = {
    "spark.ui.enabled": "false",
    "spark.sql.shuffle.partitions": "1",
    "spark.default.parallelism": "1",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.autoBroadcastJoinThreshold": "-1",
    # Questions are many and rows are few: compiling code for a question costs more than it saves.
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    # Half a gigabyte stays of plans and tables: with twice as much to throw away in, it is rarely looked through whole.
    "spark.driver.memory": "1536m",
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xmn704m",
    # Nobody looks at what was run: plans of fifty questions are long.
    "spark.sql.ui.retainedExecutions": "1",
    "spark.ui.retainedJobs": "10",
    "spark.ui.retainedStages": "10",
    "spark.sql.maxPlanStringLength": "2000",
}


def lake_in(folder: Path) -> LakePlace:
    """The lake of a workspace whose data lies in ``folder``, beside it."""
    return LakePlace(str(folder / "lake"), master=MASTER, spark=CHEAP)
