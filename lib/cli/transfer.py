"""The recipe "transfer" of `python -m lib train`: its arguments, and what is said."""

import argparse
import json
from functools import partial
from typing import Any

from lib.catalogue.store import DEFAULT_ID, Store
from lib.cli.terminal import ALL_WELL, note, printable, put, steps_in_place
from lib.datasets.draw import grouped
from lib.datasets.split import read_for_training
from lib.evaluation.shares import share
from lib.i18n import Translator
from lib.messages import N_
from lib.training.heads import HeadSettings
from lib.training.kept import KeptFeatures
from lib.training.launch import TrainResult
from lib.training.options import require_in_range
from lib.training.transfer import TransferOptions, TransferResult, train_transfer
from lib.verdict import percent
from lib.work.files import data_folder

SETTINGS = frozenset({"backbone", "pooling", "look", "mirror", "thorough"})  # arguments of this recipe alone
SHARED = frozenset({"folder", "recipe", "name", "seed", "destination"})
_VALIDATION = 0.2  # of photos that are not divided
_MOST_SKIPPED = 20  # named one by one


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the recipe's own arguments to `parser`."""
    add = partial(parser.add_argument_group("recipe transfer").add_argument, default=argparse.SUPPRESS)
    add(
        "--backbone",
        metavar="ID",
        help="the finished model to learn on (default: that comes with the app)",
    )
    add("--pooling", choices=("auto", "1x1", "2x2"), help="look at the photo as one, or at four parts one by one")
    add("--look", choices=("auto", "whole", "square"), help="at whole photos, or at their middle")
    add("--mirror", choices=("auto", "on", "off"), help="learn from mirrored photos too")
    add("--thorough", action="store_true", help="try the middle square and mirrored photos as well: four times as long")


def run(arguments: argparse.Namespace, say: Translator) -> int:
    """Train as told, say what came of it on standard output, and return the exit code.

    Raises:
        AppError: The arguments or photos are at fault.
    """
    seed = getattr(arguments, "seed", 0)
    require_in_range("seed", seed)
    options, kept = _options(vars(arguments)), KeptFeatures(data_folder())
    photos, held_out = read_for_training(arguments.folder, validation=_VALIDATION, seed=seed, looking=kept.look)
    if any(photo.group is None for photo in photos.photos):  # held out by their owner, so nobody looked
        photos = grouped(photos, looking=kept.look)
    with steps_in_place() as show:
        result = train_transfer(photos, held_out, options, kept=kept, on_progress=show)
    say_notes(result, say)
    for message in result.fitted.said:
        note(say.message(message))
    if arguments.json:
        print(json.dumps(_summary(result, say)), flush=True)
    else:
        _say_result(result, say)
    note_place(result, say)
    return ALL_WELL


def _options(given: dict[str, Any]) -> TransferOptions:
    settings = {key: given[key] for key in ("pooling", "look", "mirror", "seed") if key in given}
    return TransferOptions(
        given.get("backbone", DEFAULT_ID),
        given.get("name") or (given["folder"].stem if given["folder"].is_file() else ""),
        HeadSettings(**settings),
        is_thorough=given.get("thorough", False),
        place=given.get("destination"),
    )


def note_place(result: TrainResult, say: Translator) -> None:
    """Say of a new model that others do not find it, or that another one has its name."""
    store, model = Store(), result.model_id
    if not store.has_place(result.folder):
        outside = N_("{folder} is outside the data folder: the pages and other commands do not list it.")
        note(say(outside, folder=result.folder))
        return
    names = {entry.spec.id: entry.spec.name for entry in store.entries()}
    if (name := names.pop(model, None)) in names.values():
        note(say(N_("Another model is called “{name}”, too. This one is {model}."), name=name, model=model))


def say_notes(result: TrainResult, say: Translator) -> None:
    """Say which files are not used and why, and what else is to be known of the photos."""
    skipped = result.skipped
    for photo in skipped[:_MOST_SKIPPED]:
        note(say.message(photo.reason))
    if len(skipped) > _MOST_SKIPPED:
        note(say(N_("Photos left out: {count} in all."), count=len(skipped)))
    for message in result.notes:
        note(say.message(message))


def skipped_files(result: TrainResult, say: Translator) -> list[dict[str, str]]:
    """Return the files that are not used, as JSON has them."""
    return [{"file": printable(photo.file), "reason": say.message(photo.reason)} for photo in result.skipped]


def _say_result(result: TransferResult, say: Translator) -> None:
    photos, where = result.metrics["photos"], {"model": result.model_id, "folder": result.folder}
    if not photos:
        put(say(N_("{model} is saved in {folder}. There are too few photos to say how often it is right."), **where))
        return
    right = share(round(result.top1 * photos), photos)
    if result.by == "held out":
        told = N_("{model} is saved in {folder}. It got {right} of {photos} validation photos right.")
    else:
        told = N_(
            "{model} is saved in {folder}. It got {right} of {photos} photos right, each left out in turn: no "
            "validation photo can be opened."
        )
    put(say(told, **where, right=right.count, photos=photos))
    between = N_("For photos like these: between {low} and {high} right (95% interval). It took {seconds} seconds.")
    put(say(between, low=percent(right.low), high=percent(right.high), seconds=f"{result.seconds:.1f}"))


def _summary(result: TransferResult, say: Translator) -> dict[str, Any]:
    return {
        "id": result.model_id,
        "folder": str(result.folder),
        "top1": result.metrics["top1"],
        "by": result.by,
        "photos": result.metrics["photos"],
        "ece": result.metrics["ece"],
        "backbone": result.metrics["recipe"]["backbone"],
        "training_photos": result.metrics["training_photos"],
        "said": [say.message(message) for message in result.fitted.said],
        "skipped": skipped_files(result, say),
        "seconds": round(result.seconds, 3),
    }
