"""`export`: a model as a file in another format."""

import argparse
from pathlib import Path

from lib.catalogue.store import DEFAULT_ID, Store
from lib.catalogue.variants import make_variant
from lib.cli.terminal import ALL_WELL, Commands, default_model, put, writing
from lib.errors import UsageError
from lib.formats.from_keras import keras_file
from lib.formats.quantise import LEAST_CALIBRATION_PHOTOS
from lib.formats.tables import Format
from lib.i18n import Translator
from lib.messages import N_
from lib.model.spec import ModelFolder
from lib.photos.source import Source, find_photos
from lib.work.files import write_whole

KERAS = "keras"
FORMATS: dict[str, Format | None] = {
    "litert": None,  # as it is
    "litert-float16": Format.FLOAT16,
    "litert-dynamic": Format.DYNAMIC,
    "litert-int8": Format.INT8,
}


def add_export(commands: "Commands[argparse.ArgumentParser]") -> None:
    """Add the command `export`."""
    parser = commands.add_parser("export", help="write a model's file in the format you need", allow_abbrev=False)
    parser.add_argument("id", nargs="?", metavar="ID", help=f"a model that is ready (default {DEFAULT_ID})")
    parser.add_argument(
        "--format",
        choices=(*FORMATS, KERAS),
        required=True,
        help="litert: the file as it is; litert-int8: 8 bits up to the last layer, uint8 in and float32 out",
    )
    parser.add_argument("--out", type=Path, required=True, metavar="PATH", help="file to write, or folder to write to")
    parser.add_argument(
        "--photos",
        type=Path,
        nargs="+",
        default=[],
        metavar="PATH",
        help=f"for litert-int8: at least {LEAST_CALIBRATION_PHOTOS} typical photos, or folders of them, to find the "
        "ranges with (default: the samples)",
    )
    parser.set_defaults(run=run_export)


def run_export(arguments: argparse.Namespace, say: Translator) -> int:
    """Write the file, say where it is, and return the exit code."""
    store = Store()
    folder = store.open_folder(arguments.id or default_model(store, say))
    photos = [photo for path in arguments.photos for photo in find_photos(path)]
    if photos and FORMATS.get(arguments.format) is not Format.INT8:
        raise UsageError(N_("--photos works only with --format litert-int8."))
    source, name = _exported(folder, arguments.format, photos)
    target = arguments.out / name if arguments.out.is_dir() else arguments.out
    with writing(target):
        write_whole(target, source.read_bytes())  # not its permissions: shipped files may be read-only
    told = N_("{model} was saved to {file} as {format} ({size} MB).")
    size = f"{target.stat().st_size / 1e6:.1f}"
    put(say(told, model=folder.spec.id, file=target, format=arguments.format, size=size))
    return ALL_WELL


def _exported(folder: ModelFolder, form: str, photos: list[Source]) -> tuple[Path, str]:
    """Return the file that holds the model in a format, made if need be, and what to call it."""
    if form == KERAS:
        return keras_file(folder), f"{folder.spec.id}.keras"
    wanted = FORMATS[form]
    found = folder if wanted is None else make_variant(folder, wanted, photos)
    return found.weights_path, f"{found.spec.id}.tflite"
