"""The arguments of `python -m lib train`, and what it prints."""

import argparse
import json
import sys
from pathlib import Path

from lib.cli.terminal import ALL_WELL, Commands
from lib.i18n import Translator
from lib.messages import N_
from lib.training.events import TrainEvent
from lib.training.launch import train
from lib.training.options import ARCHITECTURES, RECIPES, TrainOptions

# What is worth a line of its own.
_NEWS = {"val_accuracy", "teacher_accuracy", "note"}


def add_train(commands: "Commands[argparse.ArgumentParser]") -> None:
    """Add the command `train`."""
    parser = commands.add_parser("train", help="train a model on a folder of photos", allow_abbrev=False)
    add_arguments(parser)
    parser.set_defaults(run=run)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `train` to `parser`."""
    parser.add_argument(
        "folder", type=Path, help="FOLDER/CLASS/photos, or FOLDER/train/CLASS and FOLDER/valid/CLASS, or a zip"
    )
    parser.add_argument("--recipe", choices=RECIPES, default="scratch")
    parser.add_argument("--architecture", choices=ARCHITECTURES, default="starter")
    parser.add_argument("--name", default="", help="name of the model; its id is made from it")
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--minutes", type=float, help="time budget in place of --epochs")
    parser.add_argument("--size", type=int, help="side of the input in pixels")
    parser.add_argument(
        "--extra", type=Path, action="append", default=[], metavar="FOLDER", help="more training photos"
    )
    parser.add_argument("--teacher", metavar="mobilenet-v2|PATH", help="distil from an ImageNet MobileNetV2")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--views", type=int, default=6, help="crops prepared of each photo")
    parser.add_argument("--learning-rate", type=float, default=3e-3)
    parser.add_argument("--smoothing", type=float, default=0.1)
    parser.add_argument("--ema", type=float, default=0.998)
    parser.add_argument("--no-progressive", dest="progressive", action="store_false", help="full size from the start")
    parser.add_argument("--no-augment", dest="augment", action="store_false", help="photos as they are, not varied")
    parser.add_argument("--family", default="Yours", help="for the model's description")
    parser.add_argument("--licence", default="Yours: trained on your own photos", help="of the weights")
    parser.add_argument("--description", default="", help="one sentence")
    parser.add_argument("--out", dest="destination", type=Path, metavar="FOLDER", help="model folder to write")
    parser.add_argument("--work", type=Path, metavar="FOLDER", help="for checkpoints and prepared crops")
    parser.add_argument("--json", action="store_true", help="events and the result as JSON lines")


def options_from(arguments: argparse.Namespace) -> TrainOptions:
    """Return the options of parsed arguments. Raises UsageError."""
    names = set(TrainOptions.__dataclass_fields__)
    values = {key: value for key, value in vars(arguments).items() if key in names}
    return TrainOptions(**{**values, "extra": tuple(arguments.extra)})


class Reporter:
    """Writes a run's events to standard error.

    Args:
        as_json: Every event as a JSON object; else a line for each stage and each epoch.
    """

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self._stage = ""

    def __call__(self, event: TrainEvent) -> None:
        """Write one event, if it says something new."""
        if self._as_json:
            print(json.dumps(event.to_dict()), file=sys.stderr, flush=True)
        elif event.stage != self._stage or event.to_dict().keys() & _NEWS:
            print(_line(event), file=sys.stderr, flush=True)
        self._stage = event.stage


def _line(event: TrainEvent) -> str:
    known = event.to_dict()
    stage = known.pop("stage")
    return " ".join([stage, *(f"{k}={v:.4g}" if isinstance(v, float) else f"{k}={v}" for k, v in known.items())])


def run(arguments: argparse.Namespace, say: Translator) -> int:
    """Train as told, say what came of it on standard output, and return the exit code.

    Raises:
        AppError: The arguments or photos are at fault, or the run ended early.
    """
    result = train(options_from(arguments), on_event=Reporter(as_json=arguments.json))
    photos = result.metrics["photos"]
    if arguments.json:
        summary = {"id": result.model_id, "folder": str(result.folder), "top1": result.top1, "photos": photos}
        print(json.dumps(summary), flush=True)
    else:
        right = round(result.top1 * photos)
        told = N_("{model} is ready in {folder}: it named {right} of {photos} validation photos rightly.")
        print(say(told, model=result.model_id, folder=result.folder, right=right, photos=photos), flush=True)
    return ALL_WELL
