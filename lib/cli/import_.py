"""`import`: a model from outside becomes one of the store."""

import argparse
import json
from pathlib import Path

from lib.catalogue.importing import Said, add, look
from lib.catalogue.store import Store
from lib.cli.terminal import ALL_WELL, Commands, download_progress, put
from lib.errors import UsageError
from lib.formats.importing.packed import MAX_LABEL_BYTES, without_numbers
from lib.i18n import Translator
from lib.messages import N_
from lib.model.spec import parse_labels, reading

# As people say it, and as model.toml does.
_RESIZE = {"whole": "squash", "square": "square", "crop": "crop"}


def add_import(commands: "Commands[argparse.ArgumentParser]") -> None:
    """Add the command `import`."""
    parser = commands.add_parser(
        "import",
        help="add a model from a file: .tflite, .keras, .h5, a SavedModel zip, or a zip from Teachable Machine",
        allow_abbrev=False,
    )
    parser.add_argument("path", type=Path, metavar="PATH")
    parser.add_argument("--name", default="", help="what to call it (default: as the file)")
    parser.add_argument("--labels", type=Path, metavar="FILE", help="names of the classes, one a line")
    parser.add_argument(
        "--range", type=float, nargs=2, metavar=("LOW", "HIGH"), help="what black and white are to the model: 0 1"
    )
    parser.add_argument(
        "--resize",
        choices=_RESIZE,
        help="what it looks at: the whole photo, the middle square, or the middle 7/8 of each side",
    )
    parser.add_argument("--json", action="store_true", help="one object: id, name, classes, folder")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace, say: Translator) -> int:
    path: Path = arguments.path
    if not path.is_file():
        raise UsageError(N_("{file} is not a file."), file=path)
    said = Said(
        arguments.name,
        None if arguments.labels is None else _labels(arguments.labels),
        None if arguments.range is None else _range(*arguments.range),
        None if arguments.resize is None else _RESIZE[arguments.resize],
    )
    with download_progress(path.name, say) as show:
        folder = add(look(path, path.name, on_progress=show), said, Store())
    if arguments.json:
        known = {"id": folder.spec.id, "name": folder.spec.name, "classes": list(folder.read_labels())}
        print(json.dumps({**known, "folder": str(folder.path)}))
    else:
        told = N_("{model} is ready. It knows {count} classes. It is saved in {folder}.")
        put(say(told, model=folder.spec.id, count=folder.spec.output.classes, folder=folder.path))
    return ALL_WELL


def _labels(path: Path) -> tuple[str, ...]:
    with reading(path.name), path.open("rb") as file:
        return without_numbers(parse_labels(file.read(MAX_LABEL_BYTES), errors="replace"))


def _range(low: float, high: float) -> tuple[float, float]:
    if not low < high:
        raise UsageError(N_("--range takes two numbers, the smaller one first."))
    return low, high
