"""`import`: a model from outside becomes one of the store."""

import argparse
import json
from dataclasses import replace
from itertools import islice
from math import isfinite
from pathlib import Path

from lib.catalogue.importing import Said, add, look
from lib.catalogue.store import Store
from lib.cli.terminal import ALL_WELL, download_progress, put
from lib.datasets.manifest import NAME_BYTES, clean_name
from lib.errors import UsageError
from lib.formats.importing.packed import MAX_LABEL_BYTES, without_numbers
from lib.i18n import Translator
from lib.messages import N_
from lib.model.spec import parse_labels, reading

# As people say it, and as model.toml does.
_RESIZE = {"whole": "squash", "middle": "middle", "square": "square", "crop": "crop"}
_LABELS, _MOST_FILES = "labels.txt", 1000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `import` to `parser`, and `run`."""
    parser.add_argument("path", type=Path, metavar="PATH")
    parser.add_argument("--name", default="", help="what to call it (default: as the file)")
    parser.add_argument("--labels", type=Path, metavar="FILE", help="names of the classes, one a line")
    parser.add_argument(
        "--range", type=float, nargs=2, metavar=("LOW", "HIGH"), help="what black and white are to the model: 0 1"
    )
    parser.add_argument(
        "--resize",
        choices=_RESIZE,
        help="what it looks at: the whole photo, all of the middle square, 7/8 of that, or the middle 7/8 of each side",
    )
    parser.add_argument("--json", action="store_true", help="one object: id, name, classes, folder")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace, say: Translator) -> int:
    path: Path = arguments.path
    said = Said(
        clean_name(arguments.name, NAME_BYTES),
        None if arguments.labels is None else _labels(arguments.labels),
        None if arguments.range is None else _range(*arguments.range),
        None if arguments.resize is None else _RESIZE[arguments.resize],
    )
    files = _files(path)
    with download_progress(path.name, say) as show:
        looked = look(files, path.name, on_progress=show)
        beside = path.parent / _LABELS
        if not (said.labels or looked.labels) and path.is_file() and beside.is_file():
            said = replace(said, labels=_labels(beside))
        folder = add(looked, said, Store())
    if arguments.json:
        known = {"id": folder.spec.id, "name": folder.spec.name, "classes": list(folder.read_labels())}
        print(json.dumps({**known, "folder": str(folder.path)}))
    else:
        told = N_("{model} is ready. It knows {count} classes. It is saved in {folder}.")
        put(say(told, model=folder.spec.id, count=folder.spec.output.classes, folder=folder.path))
    return ALL_WELL


def _files(path: Path) -> dict[str, Path]:
    """Return a model's file, or the files of a folder, which belong together."""
    if path.is_file():
        return {path.name: path}
    if not path.is_dir():
        raise UsageError(N_("{file} is not a file or folder."), file=path)
    found = list(islice((item for item in path.rglob("*") if item.is_file()), _MOST_FILES + 1))
    if not 1 <= len(found) <= _MOST_FILES:
        raise UsageError(
            N_("{file} is not the folder of one model: it holds {count} files."), file=path, count=len(found)
        )
    return {item.relative_to(path).as_posix(): item for item in sorted(found)}


def _labels(path: Path) -> tuple[str, ...]:
    with reading(path.name), path.open("rb") as file:
        return without_numbers(parse_labels(file.read(MAX_LABEL_BYTES), errors="replace"))


def _range(low: float, high: float) -> tuple[float, float]:
    if not (low < high and isfinite(low) and isfinite(high)):
        raise UsageError(N_("--range takes two numbers, the smaller one first."))
    return low, high
