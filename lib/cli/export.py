"""`export`: a model as a file in another format."""

import argparse
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from zipfile import is_zipfile

from lib.catalogue.comparing import Check, Photos, photos_given, photos_of
from lib.catalogue.exporting import Exporter, Form
from lib.catalogue.store import DEFAULT_ID, Store
from lib.cli.terminal import ALL_WELL, default_model, note, put, writing
from lib.datasets.split import read_for_training
from lib.embed import parcel
from lib.errors import DatasetError
from lib.formats.quantise import LEAST_CALIBRATION_PHOTOS
from lib.i18n import Translator
from lib.messages import N_, Message
from lib.model.spec import ModelFolder
from lib.photos.source import find_photos
from lib.projects.exporting import own_photos, project_of
from lib.projects.store import server_projects
from lib.work.files import write_whole

ZIP = "zip"
HELD_OUT = 0.2  # of photos that are given by classes, to check on


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `export` to `parser`, and `run`."""
    parser.add_argument("id", nargs="?", metavar="ID", help=f"a model that is ready (default {DEFAULT_ID})")
    parser.add_argument(
        "--format",
        choices=[*Form, ZIP],
        required=True,
        help="litert: the file as it is, its labels and card behind it; litert-int8: 8 bits up to the last layer, "
        "uint8 in and float32 out; zip: the model with its labels, its card and a program that runs it",
    )
    parser.add_argument("--out", type=Path, required=True, metavar="PATH", help="file to write, or folder to write to")
    parser.add_argument(
        "--photos",
        type=Path,
        nargs="+",
        default=[],
        metavar="PATH",
        help="typical photos, or folders of them, to check the file on, every fifth, and for litert-int8 to find the "
        f"ranges with the others, at least {LEAST_CALIBRATION_PHOTOS} (default: the photos of the model's project, "
        "else the samples)",
    )
    parser.set_defaults(run=run_export)


def run_export(arguments: argparse.Namespace, say: Translator) -> int:
    """Write the file, say where it is and how it compares, and return the exit code."""
    store = Store()
    entry = store.find(arguments.id or default_model(store, say))
    folder = store.open_folder(entry.spec.id)
    if arguments.format == ZIP:
        name, content = f"{folder.spec.id}.zip", parcel.make(folder, say.language, parcel.backbone_of(folder, store))
    else:
        photos = _photos(arguments.photos, folder, is_own=entry.kind == "yours")
        found = Exporter(folder, photos, store).make(Form(arguments.format))
        name, content = found.name, found.read()
        if found.check is not None:
            note(say.message(told(found.check, found.form)))
        elif found.path.parent == folder.path:
            note(say(N_("It is the model’s own file, unchanged: there was nothing to compare.")))
        else:
            note(say(N_("Its answers were not compared with the model’s. Give photos for that with --photos.")))
    target = arguments.out / name if arguments.out.is_dir() else arguments.out
    with writing(target):
        write_whole(target, content)  # not its permissions: shipped files may be read-only
    sentence = N_("{model} was saved to {file} as {format} ({size} MB).")
    size = f"{target.stat().st_size / 1e6:.1f}"
    put(say(sentence, model=folder.spec.id, file=target, format=arguments.format, size=size))
    return ALL_WELL


def told(check: Check, form: Form) -> Message:
    """Return what came of the check of a form: a sentence or two."""
    values = {"photos": check.photos, "same": check.same, "largest": f"{check.largest:.3g}"}
    if form is Form.FLOAT32:
        text = N_(
            "Checked on {photos} photos: {same} get the same answer as from the model as it is. No probability differs "
            "by more than {largest}."
        )
    else:
        text = N_(
            "Checked on {photos} photos: {same} get the same answer as in float32. No probability differs by more "
            "than {largest}."
        )
    same = Message(text, values)
    if not check.labelled:
        return same
    right = N_("{compared} It is right about {right} of {labelled}, the other about {before}.")
    values = {"right": check.right, "labelled": check.labelled, "before": check.right_before}
    return Message(right, {"compared": same, **values})


def _photos(paths: Sequence[Path], folder: ModelFolder, *, is_own: bool) -> Photos | None:
    """Return what to make and check the file with: the photos given; else a model's own, or the samples.

    Args:
        paths: Photos and folders of them; one folder or zip of classes tells what its photos show.
        folder: The model.
        is_own: Whether it is a user's own; else nothing is checked without photos.
    """
    if not paths:
        project = project_of(folder, server_projects()) if is_own else None
        return own_photos(project, folder) if project else photos_given(()) if is_own else None
    if len(paths) == 1 and not (paths[0].is_file() and not is_zipfile(paths[0])):
        with suppress(DatasetError):
            train, held_out = read_for_training(paths[0], validation=HELD_OUT, seed=0)
            return photos_of(train, held_out, folder.read_labels())
    return photos_given([photo for path in paths for photo in find_photos(path)])
