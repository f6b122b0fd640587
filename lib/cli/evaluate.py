"""The command `evaluate`: how good models are on photos whose class is known."""

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from lib.catalogue.store import DEFAULT_ID, Store
from lib.classify.infer import Settings
from lib.classify.opening import open_classifier
from lib.cli.terminal import (
    ALL_WELL,
    SOME_FAILED,
    add_thresholds,
    add_whole_photo,
    default_model,
    note,
    open_folders,
    put,
    put_table,
    steps_in_place,
    writing,
)
from lib.datasets.labelled import LabelledPhotos
from lib.datasets.matching import Choice, Matching, explain_undecided, match, suggestions
from lib.datasets.others import OTHER
from lib.datasets.reading import read_labelled
from lib.errors import UsageError
from lib.evaluation import unknown
from lib.evaluation.calibration import points
from lib.evaluation.evaluate import Entrant, Evaluation, ModelFigures, evaluate, notes_on, notes_on_unknown
from lib.evaluation.groups import explain_groups
from lib.evaluation.shares import with_interval
from lib.evaluation.significance import explain_difference
from lib.evaluation.verdicts import accuracy_words
from lib.i18n import LANGUAGES, Translator
from lib.messages import N_, Listed
from lib.model.spec import ModelFolder
from lib.reports.cells import encode
from lib.reports.evaluation import evaluation_csv, evaluation_json
from lib.verdict import Thresholds, percent, spoken_percent
from lib.work.files import require_writable, write_whole


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `evaluate` to `parser`, and `run`."""
    parser.add_argument(
        "folder",
        nargs="?",
        type=Path,
        metavar="FOLDER",
        help="FOLDER/CLASS/photos, or FOLDER/labels.csv with the columns file and label (or wnid); or a zip of that. "
        "FOLDER/_other: photos of nothing that the models know; FOLDER/_elsewhere/CLASS: known things from elsewhere",
    )
    parser.add_argument(
        "--model", action="extend", nargs="+", metavar="ID", help=f"models to measure (default {DEFAULT_ID})"
    )
    parser.add_argument(
        "--match",
        action="append",
        default=[],
        metavar="CLASS=LABEL",
        help="what a class of the folder is called by a model; several for one class all count; "
        "CLASS= leaves the class out",
    )
    add_whole_photo(parser)
    add_thresholds(parser)
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="one JSON object with all figures")
    form.add_argument("--csv", metavar="FILE", help="a line for each photo and model; - for standard output")
    parser.add_argument("--report", type=Path, metavar="FILE.html", help="also write a page to hand out")
    parser.set_defaults(run=run_evaluate)


def run_evaluate(arguments: argparse.Namespace, say: Translator) -> int:
    """Evaluate, print what came of it, and return the exit code.

    Raises:
        UsageError: No folder, a class that no model knows and nobody decided about, a file that cannot be written.
        DatasetError: The photos cannot be used.
        ModelError: A model cannot.
    """
    settings = Settings(thresholds=Thresholds(arguments.ratio, arguments.floor))
    store = Store()
    path, models = _path_and_models(arguments, store, say)
    photos = read_labelled(path)
    folders = open_folders(store, models, say, whole_photo=arguments.whole_photo)
    matchings = _match(photos, folders, _choices(arguments.match, photos))
    entrants = [
        Entrant(open_classifier(folder), folder.read_labels(say.language), matching, folder.sha256 or "")
        for folder, matching in zip(folders, matchings, strict=True)
    ]
    for file in (arguments.report, arguments.csv if arguments.csv != "-" else None):
        if file is not None:
            with writing(file):  # better known before the work than after
                require_writable(Path(file))
    with steps_in_place() as on_progress:
        evaluation = evaluate(photos, entrants, settings, on_progress=on_progress)
    assert evaluation is not None  # nobody cancels here
    _show(evaluation, arguments, say)
    if arguments.report is not None:
        from lib.reports.page import read_thumbnails, report

        page = report(evaluation, say, thumbnails=read_thumbnails(evaluation))
        _write(arguments.report, encode(page))
    return SOME_FAILED if evaluation.photos.skipped else ALL_WELL


def _path_and_models(arguments: argparse.Namespace, store: Store, say: Translator) -> tuple[Path, list[str]]:
    """Return the folder and the ids; after `--model ID`, a folder is taken for one more id by the parser."""
    models = list(dict.fromkeys(arguments.model or [default_model(store, say)]))
    if arguments.folder is not None:
        return arguments.folder, models
    if len(models) > 1 and Path(models[-1]).exists():
        return Path(models[-1]), models[:-1]
    raise UsageError(N_("Give a folder or zip file of labelled photos: `evaluate FOLDER --model ID`."))


def _choices(given: Sequence[str], photos: LabelledPhotos) -> dict[str, Choice]:
    """Return the decisions of `--match`."""
    choices: dict[str, tuple[str, ...] | None] = {}
    for text in given:
        name, equals, label = text.rpartition("=")
        if not equals:
            raise UsageError(N_("--match must have the form CLASS=LABEL, not {value}."), value=text)
        if name not in photos.classes:
            raise UsageError(N_("--match: {folder} has no class “{name}”."), name=name, folder=photos.name)
        choices[name] = (*(choices.get(name) or ()), label.strip()) if label.strip() else None
    return dict(choices)


def _match(photos: LabelledPhotos, folders: Sequence[ModelFolder], choices: Mapping[str, Choice]) -> list[Matching]:
    """Return how the photos' classes relate to each model's.

    Raises:
        UsageError: A label that was chosen is none, or a class is left undecided; it is said what might be meant.
    """
    own = [folder.read_labels() for folder in folders]
    translated = [[folder.read_labels(language) for language in LANGUAGES] for folder in folders]
    _check_choices(choices, own)
    matchings = [
        match(photos.classes, labels, also=also, chosen=choices) for labels, also in zip(own, translated, strict=True)
    ]
    for folder, labels, matching in zip(folders, own, matchings, strict=True):
        if matching.undecided:
            raise UsageError(
                N_("{what} Use --match CLASS=LABEL to say which class is meant, or --match CLASS= to leave it out."),
                what=explain_undecided(matching, labels, folder.spec.id),
            )
    return matchings


def _check_choices(choices: Mapping[str, Choice], label_sets: Sequence[tuple[str, ...]]) -> None:
    for label in [label for chosen in choices.values() for label in chosen or ()]:
        if any(match([label], labels, chosen={label: label}).knows_any for labels in label_sets):
            continue
        near = [name for labels in label_sets for name in suggestions(label, labels)]
        raise UsageError(
            N_("--match: no model has the class “{label}”. Similar names: {near}."),
            label=label, near=Listed(tuple(near[:5] or "–")),
        )  # fmt: skip


def _show(evaluation: Evaluation, arguments: argparse.Namespace, say: Translator) -> None:
    if arguments.json:
        print(evaluation_json(evaluation, say), flush=True)
    elif arguments.csv == "-":
        sys.stdout.buffer.write(evaluation_csv(evaluation, say))
        sys.stdout.buffer.flush()
    else:
        if arguments.csv is not None:
            _write(Path(arguments.csv), evaluation_csv(evaluation, say))
        _show_text(evaluation, say)
    for skipped in evaluation.photos.skipped:
        note(say.message(skipped.reason))


def _show_text(evaluation: Evaluation, say: Translator) -> None:
    header = (
        say(N_("model")), say(N_("photos")), "top-1", "top-5", say(N_("ECE (points)")),
        *(say(text) for text in (N_("clear: share, right"), N_("close: share, right"))),
        *(say(text) for text in (N_("weak: share, right"), N_("none: share, right"))),
    )  # fmt: skip
    put_table([header, *(_row(model, say) for model in evaluation.models)])
    for model in evaluation.models:
        if model.groups is not None and (told := explain_groups(model.answers.model, model.groups)) is not None:
            put(say.message(told))
    for model in evaluation.models:
        if model.unknown is not None:
            put(" ".join(say.message(told) for told in unknown.explain(model.answers.model, model.unknown)))
            for against in model.unknown.sources:
                put(_of_source(against, say))
    for pair in evaluation.pairs:
        first, second = evaluation.names(pair)
        if pair.agreement.share is not None:
            text = N_("{first} and {second} agree on {share} of the photos that can be compared.")
            put(say(text, first=first, second=second, share=spoken_percent(pair.agreement.share.value)))
        if pair.difference is not None:
            put(say.message(explain_difference(pair.difference, first, second)))
    for message in (*notes_on(evaluation), *notes_on_unknown(evaluation)):
        put(say.message(message))


def _of_source(found: unknown.Against, say: Translator) -> str:
    text = N_("{source}: {clear} of {photos} still clear, AUROC {auroc}, FPR at 95% {fpr}")
    source = found.source or OTHER
    values = {"clear": found.still_clear.count, "photos": len(found.photos)}
    return "  " + say(text, source=source, **values, auroc=f"{found.auroc:.3f}", fpr=f"{found.fpr:.3f}")


def _row(model: ModelFigures, say: Translator) -> tuple[str, ...]:
    return (
        model.answers.model,
        str(model.hits.photos),
        say.message(with_interval(model.top1)),
        say.message(with_interval(model.top5)),
        points(model.ece),
        *(f"{percent(f.share.value)}, {accuracy_words(f.accuracy)}" for f in model.verdicts.values()),
    )


def _write(path: Path, content: bytes) -> None:
    with writing(path):
        write_whole(path, content)
