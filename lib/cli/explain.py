"""The arguments of `python -m lib explain`, and what it writes: a photo with what spoke for a class drawn on it."""

import argparse
import json
from pathlib import Path

from lib.catalogue.store import Store
from lib.classify.explain import Explainer, explain, open_explainer
from lib.classify.infer import pixels_needed
from lib.classify.opening import open_classifier
from lib.cli.terminal import ALL_WELL, printable, put, steps_in_place, writing
from lib.errors import UsageError
from lib.i18n import Translator
from lib.messages import N_
from lib.photos.opening import open_with_size
from lib.photos.source import Source
from lib.reports.explanations import class_of, explanation_object, explanation_png


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
    source = Source.of_path(arguments.photo, str(arguments.photo))
    index, against = (
        None if name is None else class_of(name, folder, say.language) for name in (arguments.label, arguments.against)
    )
    how = open_explainer(folder, workers=1) or open_classifier(folder, workers=1)
    classifier = how.classifier if isinstance(how, Explainer) else how
    photo = source.read()
    image, size_wh = open_with_size(photo, source.name, at_least=pixels_needed(classifier))
    with steps_in_place() as show:
        found, answer = explain(source.name, how, image, size_wh, index, against, on_progress=show)
    with writing(str(arguments.out)):
        arguments.out.write_bytes(explanation_png(found, photo, source.name))
    told = explanation_object(found, answer, folder, say)
    if arguments.json:
        put(json.dumps(told, allow_nan=False))
    else:
        said = f"{printable(source.name)}: {told['answer']}", str(told["message"])
        put(*said, say(N_("Saved: {file}"), file=arguments.out))
    return ALL_WELL
