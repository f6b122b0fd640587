"""What the metadata inside a LiteRT file says of the photo: how its numbers come of the bytes.

The metadata is a flatbuffer of its own (identifier M001, TensorFlow Lite's metadata_schema.fbs), named
TFLITE_METADATA in the model. Of it one path is read: ModelMetadata.subgraph_metadata[0].input_tensor_metadata[0]
.process_units, the first unit that is NormalizationOptions.
"""

import struct
from typing import Any

from lib.formats.unbelieved import DAMAGE, tables

_NAME, _IDENTIFIER = b"TFLITE_METADATA", b"M001"
_NORMALIZATION = 1  # of the union ProcessUnitOptions
# Fields of the tables by their place in the schema.
_SUBGRAPHS, _INPUTS, _UNITS, _UNIT_TYPE, _UNIT, _MEAN, _STD = 3, 2, 4, 0, 1, 0, 1
_MOST_UNITS = 16


def pixel_range(content: bytes, file: str) -> tuple[float, float] | None:
    """Return what the bytes 0 and 255 become: (byte - mean) / std; None where the file does not say.

    Raises:
        ModelFileError: It is no LiteRT model; the message calls it `file`.
    """
    with tables(content, file) as model:
        entries = map(model.Metadata, range(model.MetadataLength()))
        places = [entry.Buffer() for entry in entries if entry.Name() == _NAME]
        data = model.Buffers(places[0]).DataAsNumpy() if places else None
    if data is None or isinstance(data, int):
        return None
    try:
        return _normalization(data.tobytes())
    except DAMAGE:  # the model does not depend on it
        return None


def _normalization(data: bytes) -> tuple[float, float] | None:
    from flatbuffers.table import Table

    if data[4:8] != _IDENTIFIER:
        return None
    root = Table(data, struct.unpack_from("<I", data)[0])
    tensor = _first(_first(root, _SUBGRAPHS), _INPUTS)
    for unit in _all(tensor, _UNITS):
        kind = unit.Offset(_slot(_UNIT_TYPE))
        if kind and data[unit.Pos + kind] == _NORMALIZATION:
            options = Table(data, unit.Indirect(unit.Pos + unit.Offset(_slot(_UNIT))))
            means, stds = _floats(options, _MEAN), _floats(options, _STD)
            if len(set(means)) == len(set(stds)) == 1 and stds[0] > 0:
                return (0 - means[0]) / stds[0], (255 - means[0]) / stds[0]
    return None


def _slot(field: int) -> int:
    return 4 + 2 * field


def _all(table: Any, field: int) -> list[Any]:
    from flatbuffers.table import Table

    offset = table.Offset(_slot(field))
    if not offset:
        return []
    begin, count = table.Vector(offset), min(table.VectorLen(offset), _MOST_UNITS)
    return [Table(table.Bytes, table.Indirect(begin + 4 * k)) for k in range(count)]


def _first(table: Any, field: int) -> Any:
    found = _all(table, field)
    if not found:
        raise ValueError("no such table")
    return found[0]


def _floats(table: Any, field: int) -> tuple[float, ...]:
    offset = table.Offset(_slot(field))
    count = min(table.VectorLen(offset), _MOST_UNITS) if offset else 0
    return struct.unpack_from(f"<{count}f", table.Bytes, table.Vector(offset)) if count else ()
