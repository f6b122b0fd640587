"""Outcomes and evaluations → JSON objects and CSV rows, with the same numbers and sentences at every door."""

import json
from dataclasses import fields

from lib import __version__
from lib.evaluation.accuracy import balanced_accuracy, macro_f1
from lib.evaluation.answers import Answers
from lib.evaluation.evaluate import Evaluation, ModelFigures, PairFigures, notes_on, notes_on_unknown
from lib.evaluation.shares import Share
from lib.evaluation.significance import explain_difference
from lib.evaluation.unknown import BASELINE, Against, UnknownFigures, score_of
from lib.i18n import Translator
from lib.reports.cells import BOM, csv_line, encode, harmless


def evaluation_object(evaluation: Evaluation, say: Translator) -> dict[str, object]:
    """Return an evaluation as a JSON object: everything the page shows.

    Shares are in [0, 1], each with its 95% interval; None stands where there is nothing to count. In "confusion",
    `counts[i][j]` is how many photos of class i were answered as class j, `something_else[i]` how many as none of them.
    "version" is the app's, "sha256" that of a model's weights; "gain" is how much more often the first of two models is
    right than the second.
    "matching" tells which of a model's classes count as right for each of the photos'; "ece" is in [0, 1];
    "groups" is what everyday groups add (`lib.evaluation.groups`), None for a model without any. "track_record" is how
    often answers are right by what they come to for their reader, in the model's own classes and with the default
    thresholds; what never comes up is missing. "unknown" is how well a model knows what it does not know, on the photos
    of `_other`, None without any; of the sources each has its figures where there are several.

    Args:
        evaluation: The figures.
        say: The reader's language, for sentences; keys, labels and the verdicts' names are not translated.
    """
    files = [photo.source.name for photo in evaluation.photos.photos]
    gallery = evaluation.gallery
    return {
        "version": __version__,
        "folder": evaluation.photos.name,
        "photos": len(files),
        "ratio": evaluation.thresholds.ratio,
        "floor": evaluation.thresholds.floor,
        "models": [_model_object(model) for model in evaluation.models],
        "agreement": [_pair_object(pair, evaluation, files, say) for pair in evaluation.pairs],
        "disagreements": [
            {
                "file": files[found.photo],
                "confidence": found.confidence,
                "answers": {m.answers.model: m.answers.labels[m.answers.best[found.photo]] for m in evaluation.models},
            }
            for found in (gallery.disagreements if gallery else ())
        ],
        "all_ambiguous": [files[index] for index in (gallery.all_ambiguous if gallery else ())],
        "notes": [say.message(note) for note in (*notes_on(evaluation), *notes_on_unknown(evaluation))],
        "skipped": [{"file": s.file, "reason": say.message(s.reason)} for s in evaluation.photos.skipped],
    }


def evaluation_json(evaluation: Evaluation, say: Translator) -> str:
    """Return an evaluation as one line of JSON without its line end; pure ASCII."""
    return json.dumps(evaluation_object(evaluation, say), allow_nan=False)


def evaluation_csv(evaluation: Evaluation, say: Translator) -> bytes:
    """Return a CSV file with a line for each photo and model, then one for each file that was skipped.

    `right` and `in_top5` are 1 or 0, and empty where the model does not have the photo's class. An answer and its
    probability are those of all the model's classes that mean the same for the photos together: "cat", not a breed.
    `view` is the part of the photo that the model looked at, as `resize` in `model.toml` names it. `familiarity` is how
    familiar the photo is to the model, by the `score` that is named: its own, or else its largest probability;
    `unfamiliar` is 1 or 0, and empty where it cannot say.
    """
    heads = ["file", "class", "model", "answer", "probability", "right", "in_top5", "verdict"]
    lines = [csv_line([*heads, "view", "score", "familiarity", "unfamiliar", "error"])]
    familiar = {model.answers.model: _familiar(model.answers) for model in evaluation.models}
    photos = evaluation.photos
    for index, photo in enumerate(photos.photos):
        start = [harmless(photo.source.name), harmless(photos.titles[photo.label])]
        for model in evaluation.models:
            answers, hits = model.answers, model.hits
            judged = [int(hits.right[index]), int(hits.in_top5[index])] if hits.judged[index] else ["", ""]
            said = [harmless(answers.model), harmless(answers.labels[answers.best[index]]), float(answers.p1[index])]
            shown = [model.kinds[index].value, answers.view, *familiar[answers.model][index], ""]
            lines.append(csv_line([*start, *said, *judged, *shown]))
    lines += [
        csv_line([harmless(skipped.file), *[""] * 11, harmless(say.message(skipped.reason))])
        for skipped in photos.skipped
    ]
    return encode(BOM + "".join(lines))


def _familiar(answers: Answers) -> list[tuple[object, ...]]:
    """Return for each photo the name of the score, the score, and whether the photo is unfamiliar."""
    scores, values = answers.scores, score_of(answers).tolist()
    if scores is None:
        return [(BASELINE, value, "") for value in values]
    return [(scores.method, value, int(is_so)) for value, is_so in zip(values, scores.unfamiliar.tolist(), strict=True)]


def _model_object(model: ModelFigures) -> dict[str, object]:
    confusion, matching = model.confusion, model.matching
    return {
        "id": model.answers.model,
        "sha256": model.answers.sha256 or None,
        "view": model.answers.view,
        "photos": model.hits.photos,
        **_both("top1", model.top1),
        **_both("top5", model.top5),
        "ece": model.ece,
        "balanced_accuracy": balanced_accuracy(model.per_class),
        "macro_f1": macro_f1(model.per_class),
        "matching": [
            {"class": name, "how": how.value, "labels": [model.own.labels[target] for target in targets]}
            for name, how, targets in zip(matching.classes, matching.how, matching.targets, strict=True)
        ],
        "verdicts": {
            kind.value: {"share": figures.share.value, "accuracy": _value(figures.accuracy)}
            for kind, figures in model.verdicts.items()
        },
        "track_record": {
            "photos": model.by_itself.photos,
            "kinds": {
                kind.value: {"share": figures.share.value, **_both("accuracy", figures.accuracy)}
                for kind, figures in model.by_itself.figures().items()
            },
        },
        "unknown": None if model.unknown is None else _unknown_object(model.unknown),
        "groups": model.groups
        and {field.name: _value(getattr(model.groups, field.name)) for field in fields(model.groups)},
        "confusion": {
            "classes": list(confusion.names),
            "counts": confusion.counts[:, :-1].tolist(),
            "something_else": confusion.counts[:, -1].tolist(),
        },
        "classes": [
            {
                "class": figures.name,
                "photos": figures.photos,
                **_both("recall", figures.recall),
                **_both("precision", figures.precision),
            }
            for figures in model.per_class
        ],
        "reliability": [
            {
                "low": b.low,
                "high": b.high,
                "photos": b.accuracy.total,
                "confidence": b.confidence,
                "accuracy": b.accuracy.value,
            }
            for b in model.bins
        ],
        "curve": [
            {"ratio": point.ratio, "answered": point.answered.value, "accuracy": _value(point.accuracy)}
            for point in model.curve
        ],
    }


def _unknown_object(found: UnknownFigures) -> dict[str, object]:
    return {
        "score": found.score,
        "hint": found.is_hint,
        **_both("flagged", found.flagged),
        **_both("flagged_elsewhere", found.flagged_elsewhere),
        **_against_object(found.together),
        "sources": [{"source": one.source, **_against_object(one)} for one in found.sources],
    }


def _against_object(found: Against) -> dict[str, object]:
    return {
        "photos": len(found.photos),
        "auroc": found.auroc,
        "fpr95": found.fpr,
        "auroc_from_elsewhere": found.auroc_from_elsewhere,
        **_both("clear", found.clear),
        **_both("still_clear", found.still_clear),
    }


def _pair_object(pair: PairFigures, evaluation: Evaluation, files: list[str], say: Translator) -> dict[str, object]:
    agreement, difference, change = pair.agreement, pair.difference, pair.change
    return {
        "models": [agreement.first, agreement.second],
        "basis": agreement.common.basis.value,
        "comparable": int(agreement.comparable.sum()),
        "share": _value(agreement.share),
        "interval": _interval(agreement.share),
        "difference": difference
        and {
            "photos": difference.photos,
            "only_first": difference.only_first,
            "only_second": difference.only_second,
            "gain": difference.gain,
            "gain_interval": list(difference.interval),
            "p_value": difference.p_value,
            "p_corrected": difference.corrected,
            "message": say.message(explain_difference(difference, *evaluation.names(pair))),
        },
        "change": change
        and {
            "answers": change.changed_answers.value,
            "verdicts": change.changed_verdicts.value,
            "largest": [
                {"file": files[shift.photo], "index": shift.index, "before": shift.before, "after": shift.after}
                for shift in change.largest
            ],
        },
    }


def _both(name: str, share: Share | None) -> dict[str, object]:
    return {name: _value(share), f"{name}_interval": _interval(share)}


def _value(share: Share | None) -> float | None:
    return None if share is None else share.value


def _interval(share: Share | None) -> list[float] | None:
    return None if share is None else [share.low, share.high]
