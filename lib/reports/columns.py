"""Classifications → the columns of a Parquet file: the objects of `classify --json`, one a row, nothing added.

    file         string                                              never null
    model        string                                              never null
    predictions  list<struct<index: int32, label: string, probability: double>>
    verdict      string                                              clear, close, weak, none
    rivals       list<string>
    message      string
    group        struct<name: string, probability: double, verdict: string>
    unfamiliar   bool
    familiarity  struct<score: double, threshold: double, method: string>
    view         string
    error        string                                              of a photo that failed: then all others are null

A failed photo has file, model and error. The time that a photo took is left out, so that two runs give the same rows.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # it takes a third of a second to import, and only runs of many photos need it
    import pyarrow as pa

Object = Mapping[str, Any]


@cache
def schema() -> "pa.Schema":
    """Return names and types of the columns."""
    import pyarrow as pa

    prediction = pa.struct([("index", pa.int32()), ("label", pa.string()), ("probability", pa.float64())])
    group = pa.struct([("name", pa.string()), ("probability", pa.float64()), ("verdict", pa.string())])
    familiarity = pa.struct([("score", pa.float64()), ("threshold", pa.float64()), ("method", pa.string())])
    return pa.schema(
        [
            pa.field("file", pa.string(), nullable=False),
            pa.field("model", pa.string(), nullable=False),
            ("predictions", pa.list_(prediction)),
            ("verdict", pa.string()),
            ("rivals", pa.list_(pa.string())),
            ("message", pa.string()),
            ("group", group),
            ("unfamiliar", pa.bool_()),
            ("familiarity", familiarity),
            ("view", pa.string()),
            ("error", pa.string()),
        ]
    )


def to_table(objects: Sequence[Object]) -> "pa.Table":
    """Return objects of `lib.reports.classifications.to_object` as rows, in their order."""
    import pyarrow as pa

    return pa.Table.from_pylist(list(objects), schema())


def to_objects(table: "pa.Table") -> Iterator[dict[str, Any]]:
    """Yield the rows of a table as the objects that they were made of."""
    for row in table.to_pylist():
        if row["error"] is None:
            del row["error"]
            yield row
        else:
            yield {name: row[name] for name in ("file", "model", "error")}
