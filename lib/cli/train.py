"""The arguments of `python -m lib train`, and what it prints."""

import argparse
import json
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import NoReturn

from lib.cli import transfer
from lib.cli.terminal import ALL_WELL, INTERRUPTED, note, put
from lib.errors import UsageError
from lib.i18n import Translator
from lib.messages import N_, Message
from lib.training.curves import after_epoch, by_heart, chosen_among, time_words
from lib.training.events import TrainEvent, stage_words
from lib.training.launch import TrainResult, has_left, keep_best, measure, train
from lib.training.options import ARCHITECTURES, TUNED, TrainOptions
from lib.training.timing import time_for
from lib.verdict import percent

# Arguments that are written otherwise than their settings are called.
_WRITTEN = {"destination": "out", "progressive": "no-progressive", "augment": "no-augment"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `train` to `parser`, and `run`."""
    parser.add_argument(
        "folder", type=Path, help="FOLDER/CLASS/photos, or FOLDER/train/CLASS and FOLDER/valid/CLASS, or a zip"
    )
    add = partial(parser.add_argument, default=argparse.SUPPRESS)  # what is not given is as TrainOptions has it
    add("--recipe", choices=("transfer", "scratch"), help="transfer (default): a head of your own on a finished model")
    add("--fine-tune", action="store_true", help="recipe transfer, whose backbone's last blocks learn on, too")
    add("--architecture", choices=ARCHITECTURES)
    add("--name", help="name of the model; its id is made from it")
    add("--epochs", type=int)
    add("--minutes", type=float, help="time budget in place of --epochs")
    add("--size", type=int, help="side of the input in pixels")
    add("--extra", type=Path, action="append", metavar="FOLDER", help="more training photos")
    add("--teacher", metavar="mobilenet-v2|PATH", help="distil from an ImageNet MobileNetV2")
    add("--seed", type=int)
    add("--views", type=int, help="crops prepared of each photo")
    add("--learning-rate", type=float)
    add("--smoothing", type=float)
    add("--ema", type=float)
    add("--no-progressive", dest="progressive", action="store_false", help="full size from the start")
    add("--no-augment", dest="augment", action="store_false", help="photos as they are, not varied")
    add("--family", help="for the model's description")
    add("--licence", help="of the weights")
    add("--description", help="one sentence")
    add("--out", dest="destination", type=Path, metavar="FOLDER", help="model folder to write (default: in the app)")
    add("--work", type=Path, metavar="FOLDER", help="for checkpoints and prepared crops")
    parser.add_argument(
        "--estimate", action="store_true", help="only say how long it would take, from a few real steps"
    )
    parser.add_argument("--finish", action="store_true", help="make a model of the best of such a run that was stopped")
    transfer.add_arguments(parser)
    parser.add_argument("--json", action="store_true", help="the result as JSON; of other recipes, the events as well")
    parser.set_defaults(run=run)


def recipe_of(arguments: argparse.Namespace) -> str:
    """Return the recipe that was asked for: transfer with --fine-tune is "fine-tune".

    Where none is named, it is scratch if an argument is given that only a training of a whole net has, else transfer.

    Raises:
        UsageError: An argument belongs to another recipe, or the backbone cannot be tuned.
    """
    switches = {"estimate", "finish"}  # they are always there
    given = vars(arguments).keys() - {switch for switch in switches if not getattr(arguments, switch)}
    of_scratch = {*TrainOptions.__dataclass_fields__, *switches} - transfer.SHARED
    own = "scratch" if given & of_scratch and "fine_tune" not in given else "transfer"
    recipe = str(getattr(arguments, "recipe", own))
    if "fine_tune" in given:
        recipe = "fine-tune" if recipe == "transfer" else _refuse("fine_tune", recipe)
    if recipe == "fine-tune" and getattr(arguments, "backbone", TUNED) != TUNED:
        text = N_(
            "--fine-tune goes on with the weights of {net} alone. Leave out --fine-tune, or choose that backbone."
        )
        raise UsageError(text, net=TUNED)
    others = {"transfer": of_scratch, "scratch": transfer.SETTINGS, "fine-tune": transfer.SETTINGS - {"backbone"}}
    for setting in sorted(others[recipe] & given):
        _refuse(setting, recipe)
    return recipe


def _refuse(setting: str, recipe: str) -> NoReturn:
    text = N_("--{setting} does not belong to the recipe “{recipe}”. Choose the recipe with --recipe.")
    raise UsageError(text, setting=_WRITTEN.get(setting, setting).replace("_", "-"), recipe=recipe)


def options_from(arguments: argparse.Namespace) -> TrainOptions:
    """Return the options of parsed arguments. Raises UsageError."""
    values = {key: value for key, value in vars(arguments).items() if key in TrainOptions.__dataclass_fields__}
    if hasattr(arguments, "fine_tune"):
        values = {"architecture": TUNED, **values, "recipe": "fine-tune"}
    return TrainOptions(**{**values, "extra": tuple(values.get("extra", ()))})


class Reporter:
    """Writes a run's events to standard error.

    Args:
        as_json: Every event as a JSON object; else a sentence for each stage and each epoch, how long it takes as soon
            as that is known, and once, when it begins, that the model learns its photos by heart.
        say: The reader's language.
    """

    def __init__(self, *, as_json: bool, say: Translator) -> None:
        self._as_json, self._say = as_json, say
        self._stage = ""
        self._history: list[dict[str, float]] = []
        self._is_warned = False

    def __call__(self, event: TrainEvent) -> None:
        """Write one event, if it says something new."""
        if self._as_json:
            print(json.dumps(event.to_dict()), file=sys.stderr, flush=True)
        else:
            for message in self._news(event):
                note(self._say.message(message))
        self._stage = event.stage

    def _news(self, event: TrainEvent) -> Iterator[Message]:
        if event.stage != self._stage:
            yield stage_words(event.stage, event.done or 0, event.total or 0)
        if event.note is not None:
            yield Message(event.note)
        if event.teacher_accuracy is not None:
            right = percent(event.teacher_accuracy)
            yield Message(N_("The teacher gets {right} of the held-out photos right."), {"right": right})
        if event.low is not None and event.high is not None:
            yield time_words(event.low, event.high)
        if event.val_loss is not None:
            self._history.append(event.to_dict())
            yield after_epoch(self._history[-1])
            if not self._is_warned and (told := by_heart(self._history)) is not None:
                yield told
                self._is_warned = True


def run(arguments: argparse.Namespace, say: Translator) -> int:
    """Train as told, say what came of it on standard output, and return the exit code.

    A run that is interrupted (Ctrl-C) leaves the best so far as a model; the same command goes on with it.

    Raises:
        AppError: The arguments or photos are at fault, or the run ended early.
    """
    recipe = recipe_of(arguments)
    if recipe == "transfer":
        return transfer.run(arguments, say)
    if recipe == "scratch" and not hasattr(arguments, "recipe"):
        note(say(N_("Every weight is learned anew (recipe scratch): the recipe transfer has none of these settings.")))
    options, report = options_from(arguments), Reporter(as_json=arguments.json, say=say)
    if arguments.estimate:
        measured = measure(options)
        seconds = time_for(measured.pace, options, measured.photos, measured.held_out)
        return _say_time(seconds, say, as_json=arguments.json)
    if arguments.finish:
        _say_result(keep_best(options, on_event=report), say, as_json=arguments.json)
        return ALL_WELL
    try:
        _say_result(train(options, on_event=report), say, as_json=arguments.json)
    except KeyboardInterrupt:
        if not has_left(options):
            raise
        note(say(N_("Stopped. The best so far is made into a model; the same command goes on from here later.")))
        _say_result(keep_best(options, on_event=report), say, as_json=arguments.json)
        return INTERRUPTED
    return ALL_WELL


def _say_time(seconds: tuple[float, float], say: Translator, *, as_json: bool) -> int:
    low, high = seconds
    if as_json:
        print(json.dumps({"low_s": round(low, 1), "high_s": round(high, 1)}), flush=True)
    else:
        print(say.message(time_words(low, high)), flush=True)
    return ALL_WELL


def _say_result(result: TrainResult, say: Translator, *, as_json: bool) -> None:
    photos = result.metrics["photos"]
    transfer.say_notes(result, say)
    if as_json:
        summary = {"id": result.model_id, "folder": str(result.folder), "top1": result.top1, "photos": photos}
        print(json.dumps({**summary, "skipped": transfer.skipped_files(result, say)}), flush=True)
    else:
        if (chosen := chosen_among(result.metrics["history"])) is not None:
            note(say.message(chosen))
        right = round(result.top1 * photos)
        told = N_("{model} is saved in {folder}. It got {right} of {photos} validation photos right.")
        put(say(told, model=result.model_id, folder=result.folder, right=right, photos=photos))
    transfer.note_place(result, say)
