"""The arguments of `python -m lib explain`, and what it writes: a photo with what spoke for a class drawn on it."""

import argparse
import json
from pathlib import Path

from lib.catalogue.store import Store
from lib.charts import heat
from lib.classify.explain import Explanation, open_explainer, rise
from lib.classify.infer import answer_of, conclude, pixels_needed
from lib.classify.opening import open_classifier
from lib.cli.terminal import ALL_WELL, printable, put, steps_in_place, writing
from lib.errors import UsageError
from lib.face.looked import described
from lib.face.names import short_names
from lib.i18n import Translator
from lib.messages import N_, Listed
from lib.model.imagenet import normalise
from lib.model.spec import ModelFolder
from lib.photos.opening import open_with_size
from lib.photos.source import Source
from lib.reports.classifications import to_object
from lib.results import Answer

LARGEST_PX = 1024  # of the picture's longer side
_MOST_NEAR = 5


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `explain` to `parser`, and `run`."""
    parser.add_argument("photo", type=Path)
    parser.add_argument("--model", metavar="ID", help="default: the one that comes with the app")
    parser.add_argument("--class", dest="label", metavar="NAME", help="what to look for (default: the likeliest class)")
    parser.add_argument("--against", metavar="NAME", help="another class: why the one and not the other")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE.png", help="the picture to write")
    parser.add_argument("--json", action="store_true", help="one object: the cells, and what they add up to")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace, say: Translator) -> int:
    """Write the picture, say what it shows on standard output, and return the exit code.

    Raises:
        AppError: The arguments, the photo or the model are at fault.
    """
    if arguments.out.suffix.lower() != ".png":
        raise UsageError(N_("Choose a name that ends in .png, not {file}."), file=arguments.out)
    store = Store()
    folder = store.open_folder(arguments.model or store.default_id())
    labels = short_names(folder.read_labels(say.language))
    source = Source.of_path(arguments.photo, str(arguments.photo))
    index, against = (
        None if name is None else _find(name, folder, labels) for name in (arguments.label, arguments.against)
    )
    found, answer = _explain(folder, source, index, against)
    photo, _ = open_with_size(source.read(), source.name, at_least=LARGEST_PX)
    photo.thumbnail((LARGEST_PX, LARGEST_PX))
    picture = heat.draw(photo, found)
    with writing(str(arguments.out)):
        picture.save(arguments.out, "PNG")
    names = labels[found.index], None if found.against is None else labels[found.against]
    sentences = [say.message(message) for message in described(found, *names)]
    outcome = to_object(conclude(answer, folder.read_labels(say.language)), say)
    if arguments.json:
        told = _object(found, folder, source.name, labels, sentences)
        put(json.dumps({**told, "answer": outcome["message"], "unfamiliar": outcome["unfamiliar"]}, allow_nan=False))
    else:
        put(f"{printable(source.name)}: {outcome['message']}", *sentences, say(N_("Saved: {file}"), file=arguments.out))
    return ALL_WELL


def _explain(folder: ModelFolder, source: Source, index: int | None, against: int | None) -> tuple[Explanation, Answer]:
    """Return the map, and what the model says of the photo: a map alone would hide that it is not sure."""
    explainer = open_explainer(folder, workers=1)
    classifier = open_classifier(folder, workers=1) if explainer is None else explainer.classifier
    if explainer is None and against is not None:
        text = N_("{model} cannot set one class against another: its last layer is no single linear one.")
        raise UsageError(text, model=folder.spec.id)
    image, size_wh = open_with_size(source.read(), source.name, at_least=pixels_needed(classifier))
    looked = None if explainer is None else explainer.look(image, size_wh)
    said = classifier.run(classifier.prepare(image)) if looked is None else looked.found
    answer = answer_of(source.name, folder.spec, said, size_wh)
    wanted = int(answer.probabilities.argmax()) if index is None else index
    if looked is not None:
        return looked.explain(wanted, against), answer
    with steps_in_place() as show:
        return rise(classifier, image, size_wh, wanted, on_progress=show), answer


def _find(name: str, folder: ModelFolder, labels: tuple[str, ...]) -> int:
    """Return the class of a name, in the reader's language or in the model's own. Raises UsageError: there is none."""
    wanted = normalise(name)
    for names in (labels, folder.read_labels(), short_names(folder.read_labels())):
        alike = [index for index, label in enumerate(names) if normalise(label) == wanted]
        if alike:
            return alike[0]
    near = [label for label in labels if wanted in normalise(label)][:_MOST_NEAR] or list(labels[:_MOST_NEAR])
    raise UsageError(
        N_("{model} has no class “{label}”. It has, among others: {near}."),
        model=folder.spec.id, label=name, near=Listed(tuple(near)),
    )  # fmt: skip


def _object(
    found: Explanation, folder: ModelFolder, file: str, labels: tuple[str, ...], sentences: list[str]
) -> dict[str, object]:
    return {
        "file": printable(file),
        "model": folder.spec.id,
        "method": found.method,
        "index": found.index,
        "label": labels[found.index],
        "against": None if found.against is None else labels[found.against],
        "probability": found.probability,
        "cells": found.cells.tolist(),
        "bias": found.bias,
        "total": found.total if found.method == "cam" else None,
        "vote": found.vote,
        "box": list(found.box),
        "size": list(found.size_wh),
        "message": " ".join(sentences),
    }
