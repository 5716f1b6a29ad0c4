"""Finds the Java that tests run Spark with, and says in one line what to install where there is none."""

from __future__ import annotations

import sys

from foretell.engine.spark.java import java_home, spark_home
from foretell.errors import ForetellError


def main() -> int:
    """Print the Java; 1 where Spark cannot run."""
    try:
        spark_home()
        print(java_home())
    except ForetellError as error:
        print(f"java: the tests of the other stores need Spark: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
