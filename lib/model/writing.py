"""Writing a `model.toml`: the other direction of `lib.model.spec`."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lib.model.spec import CARD, ModelSpec, parse


def write(folder: Path, spec: ModelSpec) -> None:
    """Write `folder`/model.toml.

    Raises:
        ModelFileError: The description breaks the contract.
    """
    table = to_table(spec)
    parse(table, CARD)
    (folder / CARD).write_text(to_toml(table), encoding="utf-8")


def to_table(spec: ModelSpec) -> dict[str, Any]:
    """Return the table that `contract.parse` reads as `spec`."""
    table: dict[str, Any] = {
        "id": spec.id,
        "name": spec.name,
        "family": spec.family,
        "runtime": spec.runtime,
        "weights": spec.weights,
        "labels": spec.labels,
        "licence": spec.licence,
        "description": spec.description or None,
        "input": {
            "size": list(spec.input.size_wh),
            "range": list(spec.input.range),
            "resize": spec.input.resize,
            "mean": _list(spec.input.mean),
            "std": _list(spec.input.std),
        },
        "output": {
            "classes": spec.output.classes,
            "background": spec.output.background,
            "activation": spec.output.activation,
        },
        "published": None,
        "source": dict(spec.source) or None,
    }
    if spec.published is not None:
        table["published"] = {
            "top1": spec.published.top1,
            "top5": spec.published.top5,
            "parameters": spec.published.parameters,
            "source": spec.published.source,
        }
    return _without_none(table)


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


def _list(values: tuple[float, ...] | None) -> list[float] | None:
    return None if values is None else list(values)


def _without_none(table: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: _without_none(value) if isinstance(value, Mapping) else value
        for key, value in table.items()
        if value is not None
    }
