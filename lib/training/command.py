"""The arguments of `python -m lib train`, and what it prints."""

import argparse
import json
import sys
from pathlib import Path

from lib.i18n import Translator
from lib.training.events import TrainEvent
from lib.training.launch import TrainResult, train
from lib.training.options import ARCHITECTURES, RECIPES, TrainOptions


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command `train`."""
    parser = commands.add_parser("train", help="train a model on a folder of labelled photos", allow_abbrev=False)
    add_arguments(parser)
    parser.set_defaults(run=run)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `train` to `parser`."""
    parser.add_argument("folder", type=Path, help="FOLDER/CLASS/photos, or FOLDER/train/CLASS and FOLDER/val/CLASS")
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


def report(event: TrainEvent, *, as_json: bool) -> None:
    """Write one event to standard error: as JSON, or as a line with the figures that are known."""
    if as_json:
        print(json.dumps(event.to_dict()), file=sys.stderr, flush=True)
        return
    known = event.to_dict()
    stage = known.pop("stage")
    figures = " ".join(f"{k}={v:.4g}" if isinstance(v, float) else f"{k}={v}" for k, v in known.items())
    print(f"{stage} {figures}".rstrip(), file=sys.stderr, flush=True)


def result_json(result: TrainResult) -> str:
    """Return the one JSON object of a finished run."""
    return json.dumps({"id": result.model_id, "folder": str(result.folder), "top1": result.top1})


def run(arguments: argparse.Namespace, say: Translator) -> int:
    """Train as told and print the result; return the exit code 0. Raises AppError."""
    result = train(options_from(arguments), on_event=lambda event: report(event, as_json=arguments.json))
    print(result_json(result), flush=True)
    return 0
