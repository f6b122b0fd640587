"""The card of a model folder: prose by people, figures by the program.

    python -m lib.training.card models/starter-scratch

rewrites the part of README.md between the two marks from metrics.json and leaves the rest alone.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

BEGIN, END = "<!-- figures: written by lib.training.card -->", "<!-- end of figures -->"
MISTAKES = 10
_MEASURED = {
    "held out": "Measured on {photos} validation photos with the finished file, opened and resized as in the app:",
    "leave-one-out": "Measured on the {photos} training photos, each left out of a model of its own:",
    "five folds": "Measured on the {photos} training photos, each left out of one of five models:",
}
CARD = "README.md"


def updated(text: str, title: str, metrics: Mapping[str, Any], sizes: Mapping[str, int]) -> str:
    """Return a card with its figures brought up to date; without marks in `text` they are put at its end.

    Args:
        text: The card as it is; "" for a new one.
        title: Heading of a new one.
        metrics: Content of `metrics.json`.
        sizes: Bytes of each file to list.
    """
    section = f"{BEGIN}\n{figures(metrics, sizes)}\n{END}"
    if BEGIN in text and END in text:
        before, _, rest = text.partition(BEGIN)
        return f"{before}{section}{rest.partition(END)[2]}"
    return f"{text.rstrip() or '# ' + title}\n\n{section}\n"


def figures(metrics: Mapping[str, Any], sizes: Mapping[str, int]) -> str:
    """Return the measured figures as Markdown: accuracy, calibration, files, classes, mistakes."""
    lines = [
        _MEASURED[metrics.get("by", "held out")].format(photos=metrics["photos"]),
        "",
        f"- top-1 **{metrics['top1']:.3f}**, top-5 {metrics['top5']:.3f}",
        f"- calibration: expected calibration error {metrics['ece']:.3f} (15 bins)",
    ]
    if metrics.get("parameters"):
        lines.append(f"- {metrics['parameters']:,} parameters")
    lines += [f"- `{name}`: {size / 1e6:.2f} MB" for name, size in sizes.items()]
    lines += _training(metrics)
    lines += _novelty(metrics)
    lines += ["", "| class | top-1 | photos |", "|---|---|---|"]
    counts = [sum(row) for row in metrics["confusion"]]
    rows = [
        (share, name, count) for (name, share), count in zip(metrics["per_class"].items(), counts, strict=True) if count
    ]
    lines += [f"| {name} | {share:.2f} | {count} |" for share, name, count in sorted(rows)]
    lines += ["", "What it gets wrong most often (of the photos above):", "", *_mistakes(metrics)]
    return "\n".join(lines)


def _training(metrics: Mapping[str, Any]) -> list[str]:
    history: Sequence[Mapping[str, Any]] = metrics.get("history", ())
    if not history:
        return []
    last = history[-1]
    epochs = "1 epoch" if last["epoch"] == 1 else f"{last['epoch']} epochs"
    line = f"- trained on {metrics['training_photos']} photos for {epochs} ({last['step']} steps)"
    line += f" in {last['seconds'] / 60:.0f} minutes of fitting"
    if (best := last.get("best_epoch")) is not None and best < last["epoch"]:
        line += f"; kept are the weights of epoch {best}, the best on these very photos, which flatters them a little"
        if len(sizes := {row["size"] for row in history}) > 1:
            line += f", among the epochs with photos of {max(sizes)} pixels"
    if last["epoch"] < last.get("epochs", 0):
        line += f"; it was ended before epoch {last['epochs']}"
    if metrics.get("teacher_top1"):
        line += f"; its teacher's top-1 on the same photos: {metrics['teacher_top1']:.3f}"
    return [line, *([f"- {metrics['quoted']}"] if metrics.get("quoted") else [])]


def _novelty(metrics: Mapping[str, Any]) -> list[str]:
    """Return what becomes of known and unknown photos before and after the threshold for the unfamiliar."""
    found = metrics.get("novelty")
    if found is None:
        return []
    known = [metrics["photos"], found["clear"], found["clear"] * found["known_kept"], None, None]
    rows = {"validation photos": known} | {
        name: [each[key] for key in ("photos", "clear", "clear_and_familiar", "auroc", "fpr95")]
        for name, each in found["photos"].items()
    }
    return [
        f"- verdict: clear for {found['clear']:.3f} of these photos, and then right for **{found['right']:.3f}**",
        f"- unfamiliar when the largest logit is below {found['threshold']:.2f}: the threshold keeps "
        f"{found['known_kept']:.3f} of the clear answers, which are then right for {found['right_and_familiar']:.3f}",
        "",
        "| photos | number | called clear | clear and not unfamiliar | AUROC | FPR at 95% |",
        "|---|---|---|---|---|---|",
        *(
            f"| {name} | {count} | {clear:.3f} | {familiar:.3f} | {_or_dash(area)} | {_or_dash(rate)} |"
            for name, (count, clear, familiar, area, rate) in rows.items()
        ),
    ]


def _or_dash(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _mistakes(metrics: Mapping[str, Any]) -> list[str]:
    names = metrics["classes"]
    wrong = [
        (count, names[true], names[answer], sum(row))
        for true, row in enumerate(metrics["confusion"])
        for answer, count in enumerate(row)
        if answer != true and count
    ]
    wrong.sort(key=lambda entry: (-entry[0], entry[1:]))
    return [f"- {true} taken for {answer}: {count} of {total}" for count, true, answer, total in wrong[:MISTAKES]]


def update_folder(folder: Path, *, title: str = "") -> None:
    """Bring the README.md of a model folder up to date with its metrics.json and files."""
    card = folder / CARD
    metrics = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    sizes = {path.name: path.stat().st_size for path in sorted(folder.glob("model.*")) if path.suffix != ".toml"}
    text = card.read_text(encoding="utf-8") if card.is_file() else ""
    card.write_text(updated(text, title or folder.name, metrics, sizes), encoding="utf-8")


if __name__ == "__main__":
    for argument in sys.argv[1:]:
        update_folder(Path(argument))
