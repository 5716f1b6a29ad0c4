"""Analytics on Apache Spark over the lake; its files are imported only where a workspace's settings ask for it."""

from __future__ import annotations
