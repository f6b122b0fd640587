"""Writing a `model.toml`: the other direction of `lib.model.spec`."""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from lib.model.spec import CARD, SCHEMA, ModelSpec, TrackRecord, parse


def write(folder: Path, spec: ModelSpec) -> None:
    """Write `folder`/model.toml.

    Raises:
        ModelFileError: The description breaks the contract.
    """
    table = to_table(spec)
    parse(table, CARD)
    (folder / CARD).write_text(to_toml(table), encoding="utf-8")


def to_table(spec: ModelSpec) -> dict[str, Any]:
    """Return the table that `spec.parse` reads as `spec`."""
    table = {"schema": SCHEMA, **asdict(spec)}
    table["input"] = {"size": table["input"].pop("size_wh"), **table["input"]}
    record = spec.track_record and record_table(spec.track_record)
    told = {"description": spec.description or None, "source": dict(spec.source) or None, "track_record": record}
    return _filled({**table, **told})


def record_table(record: TrackRecord) -> dict[str, Any]:
    """Return the table that `spec.parse_record` reads as `record`."""
    about = {"photos": record.photos, "measured": record.measured, "unseen": record.is_unseen}
    return about | {kind.value: asdict(tally) for kind, tally in record.kinds.items()}


def to_toml(table: Mapping[str, Any]) -> str:
    """Return a table of plain values and one level of tables under it as TOML."""
    lines = [f"{key} = {_value(value)}" for key, value in table.items() if not isinstance(value, Mapping)]
    for key, section in table.items():
        if isinstance(section, Mapping):
            lines += ["", f"[{key}]", *(f"{name} = {_value(value)}" for name, value in section.items())]
    return "\n".join(lines) + "\n"


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_value(v) for v in value) + "]"
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{k} = {_value(v)}" for k, v in value.items()) + " }"
    # A JSON string is a TOML string, but for DEL, which TOML wants escaped.
    return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")


def _filled(table: Mapping[str, Any]) -> dict[str, Any]:
    """Return a table without the keys that have no value: TOML has no null."""
    return {
        key: _filled(value) if isinstance(value, Mapping) else value
        for key, value in table.items()
        if value is not None
    }


def slug(name: str) -> str:
    """Return a model id made from `name`: lower case, [a-z0-9.-], at most 60 characters; "model" if nothing is left."""
    return re.sub(r"[^a-z0-9.]+", "-", name.lower()).strip("-.")[:60] or "model"
