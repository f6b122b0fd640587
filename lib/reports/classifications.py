"""Classifications → JSON lines and CSV rows, with the same numbers and sentences at every door."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict

from lib.face.names import shortened
from lib.i18n import Translator
from lib.reports.cells import BOM, as_text, csv_line, encode, harmless
from lib.results import Classification, Failure, Familiarity, Group, Outcome
from lib.verdict import explain

_GROUP = ("group", "group_probability", "group_verdict")


def to_object(outcome: Outcome, say: Translator) -> dict[str, object]:
    """Return the outcome as a JSON object: file, model and either predictions and verdict or the error.

    `view` is the part of the photo that the model looked at, as `resize` in a `model.toml` names it: its own, or
    "squash" where the reader had it look at whole photos. `familiarity` is what `unfamiliar` comes of: below its
    threshold a score is.

    Args:
        outcome: What became of a photo.
        say: The reader's language, for message, group or error; keys, labels and the verdict's name are not translated.
    """
    if isinstance(outcome, Failure):
        error = as_text(say.message(outcome.error.message))
        return {"file": as_text(outcome.file), "model": outcome.model, "error": error}
    verdict = outcome.verdict
    return {
        "file": as_text(outcome.file),
        "model": outcome.model,
        "predictions": [asdict(prediction) for prediction in outcome.predictions],
        "verdict": verdict.kind.value,
        "rivals": [rival.label for rival in verdict.rivals],
        "message": _message(outcome, say),
        "group": outcome.group and _group_object(outcome.group, say),
        "unfamiliar": outcome.unfamiliar,
        "familiarity": outcome.familiarity and _familiarity_object(outcome.familiarity),
        "view": outcome.view,
    }


def _group_object(group: Group, say: Translator) -> dict[str, object]:
    return {"name": say.word(group.name), "probability": group.probability, "verdict": group.verdict.value}


def _familiarity_object(found: Familiarity) -> dict[str, object]:
    return {"score": found.score, "threshold": found.threshold, "method": found.method}


def to_json_line(outcome: Outcome, say: Translator) -> str:
    """Return the outcome as one line of JSON without its line end; pure ASCII, so no terminal can garble it."""
    return line_of(to_object(outcome, say))


def line_of(outcome: Mapping[str, object]) -> str:
    """Return what `to_object` returned as such a line."""
    return json.dumps(outcome, allow_nan=False)


def csv_header(top: int) -> str:
    """Return the first line of a CSV file with `top` classes a row, the byte order mark included."""
    ranked = [f"top{place}_{what}" for place in range(1, top + 1) for what in ("label", "probability")]
    figures = ["ratio", "spread", "milliseconds", "view", "unfamiliar", "familiarity", "familiar_from"]
    return BOM + csv_line(["file", "model", "verdict", "message", *_GROUP, *ranked, *figures, "error"])


def csv_row(outcome: Outcome, say: Translator, *, top: int) -> str:
    """Return the outcome as one CSV line; places that the model has no class for stay empty.

    `ratio` is p2 / p1 of this photo, `spread` exp(entropy), `view` and `unfamiliar` as in `to_object`; `familiarity` is
    the score and `familiar_from` its threshold: all three are empty where the model cannot say. Text from outside
    cannot act as a formula.
    """
    file, model = harmless(outcome.file), harmless(outcome.model)
    if isinstance(outcome, Failure):
        empty = [""] * (2 + len(_GROUP) + 2 * top + 7)
        return csv_line([file, model, *empty, harmless(say.message(outcome.error.message))])
    verdict = outcome.verdict
    ranked = [cell for p in outcome.predictions[:top] for cell in (harmless(p.label), p.probability)]
    return csv_line(
        [
            file,
            model,
            verdict.kind.value,
            harmless(_message(outcome, say)),
            *(_group_object(outcome.group, say).values() if outcome.group else [""] * len(_GROUP)),
            *ranked,
            *[""] * (2 * top - len(ranked)),
            rival_ratio(outcome),
            verdict.spread,
            round(outcome.milliseconds, 3),
            outcome.view,
            *_familiarity_cells(outcome.familiarity),
            "",
        ]
    )


def _familiarity_cells(found: Familiarity | None) -> list[object]:
    return ["", "", ""] if found is None else [str(found.is_unfamiliar).lower(), found.score, found.threshold]


def _message(found: Classification, say: Translator) -> str:
    """Return the verdict in one sentence, with the short names of the classes."""
    short = shortened(found)
    return say.message(explain(short.verdict, short.group, short.familiarity))


def to_csv(outcomes: Iterable[Outcome], say: Translator, *, top: int) -> bytes:
    """Return a whole CSV file."""
    return encode(csv_header(top) + "".join(csv_row(outcome, say, top=top) for outcome in outcomes))


def rival_ratio(outcome: Classification) -> float:
    """Return p2 / p1, in [0, 1]: how close the second class comes to the winner."""
    return outcome.verdict.p2 / outcome.verdict.winner.probability
