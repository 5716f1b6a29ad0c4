"""Results of any size, fetched partition by partition: each batch travels as one value of a row."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
from pyspark.sql import DataFrame


def fetched(frame: DataFrame) -> Iterator[pa.Table]:
    """The batches of ``frame``, in its order; of what is fetched and not yet asked for there is one partition."""
    for row in frame.mapInArrow(_packed, "packed binary").toLocalIterator():
        with pa.ipc.open_stream(row[0]) as reader:
            yield reader.read_all()


def _packed(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Runs beside the executors."""
    for batch in batches:
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, batch.schema) as writer:
            writer.write_batch(batch)
        yield pa.record_batch({"packed": pa.array([sink.getvalue().to_pybytes()], pa.binary())})
