"""Our heads for twenty everyday things on other people's nets in 8 bits: `starter`, and those of `PLANS`.

    python -m lib.training.starter everyday-20 --unknown FOLDER … [--model everyday-v2] [--out models/everyday-v2]

writes the head, the description, the labels and the figures, and brings the card up to date: all that the app needs to
put the model together, from the weights in the package (`lib.catalogue.from_package`) or from a file that it fetches
(`lib.catalogue.headed`). Five minutes on two cores; a net that is fetched has to be here (`python -m lib fetch`).
"""

import argparse
import hashlib
import json
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lib.catalogue import from_package, origins
from lib.catalogue.packaged import KIND
from lib.catalogue.store import SHIPPED, Store
from lib.classify.infer import pixels_needed
from lib.classify.litert import LiteRTClassifier
from lib.datasets.groups import everyday
from lib.datasets.labelled import LabelledPhotos
from lib.datasets.reading import read_labelled, read_parts
from lib.evaluation.novelty import LOST, auroc, fpr, least, prices
from lib.formats.graft import Pooling, graft
from lib.formats.inner import Inner
from lib.model import writing
from lib.model.imagenet import wnid_positions
from lib.model.spec import OURS, ModelFolder, ModelSpec, Novelty, OutputSpec, Prices, load
from lib.photos.opening import open_photo
from lib.photos.source import Source, find_photos
from lib.results import VerdictKind
from lib.training import card
from lib.training.logistic import C, fit, read_features
from lib.training.package import describe, measure, shown_label
from lib.verdict import judge


@dataclass(frozen=True, slots=True)
class Plan:
    """A head to be made.

    Attributes:
        id: Of the model.
        name: Of the model, for people.
        backbone: Id of the model whose net it is put on.
        description: One sentence.
    """

    id: str
    name: str
    backbone: str
    description: str


PLANS = {
    plan.id: plan
    for plan in (
        Plan(
            "starter",
            "Discern starter",
            "efficientnet-lite0-int8",
            "20 everyday classes; our head on the features of EfficientNet-Lite0.",
        ),
        Plan(
            "everyday-v2",
            "Everyday V2",
            "mobilenet-v2-1.0-224-quant",
            "20 everyday classes; our head on the features of MobileNet V2, which is fetched.",
        ),
        Plan(
            "everyday-quick",
            "Everyday quick",
            "mobilenet-v1-0.5-160-quant",
            "20 everyday classes in 0.9 MB, for phones and web pages; our head on MobileNet V1, which is fetched.",
        ),
    )
}
HEAD = "head.npz"
TELLS = 0.95  # area under the ROC curve, of the first folder of unknown things; with less it is only a hint
METRICS = "metrics.json"
_KNOWN = "known things"  # of a folder of other things, those that are known after all


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """What the finished model makes of some photos.

    Attributes:
        answer: Shape (N,), the likeliest class.
        is_clear: Shape (N,), whether the verdict is.
        score: Shape (N,), the largest logit.
    """

    answer: NDArray[np.int64]
    is_clear: NDArray[np.bool_]
    score: NDArray[np.float64]

    def clear(self, threshold: float = -np.inf) -> NDArray[np.bool_]:
        """Return which photos are clear and not below the threshold."""
        return np.asarray(self.is_clear & (self.score >= threshold))


def main(argv: Sequence[str] | None = None) -> None:
    """Train, write and measure."""
    parser = argparse.ArgumentParser("python -m lib.training.starter")
    parser.add_argument("folder", type=Path, help="photos to learn from and to measure on: train/CLASS, val/CLASS")
    parser.add_argument(
        "--unknown", type=Path, nargs="+", default=[], metavar="FOLDER",
        help="photos of other things; of folders with WordNet ids, those of the twenty are left out",
    )  # fmt: skip
    parser.add_argument("--model", choices=PLANS, default="starter")
    parser.add_argument("--out", type=Path, help="default: the model's own folder among those that ship")
    arguments = parser.parse_args(argv)
    plan, out = PLANS[arguments.model], arguments.out or SHIPPED / arguments.model
    out.mkdir(exist_ok=True)
    train, val = read_parts(arguments.folder)
    if val is None:
        parser.error(f"{arguments.folder} has no part for validation")
    backbone = Store().open_folder(plan.backbone)
    spec = _spec(plan, backbone.spec, train)
    features = read_features(_opened(backbone, spec), [photo.source for photo in train.photos])
    head = fit(features, np.array([photo.label for photo in train.photos]))
    head.save(out / HEAD)
    (out / spec.labels).write_text("".join(f"{shown_label(name)}\n" for name in train.classes), "utf-8")
    about = {"training_photos": len(train.photos), "recipe": {"backbone": plan.backbone, "penalty": C}}
    with tempfile.TemporaryDirectory() as temporary:
        _finish(plan, spec, backbone, val, arguments.unknown, about, Path(temporary), out)


def _spec(plan: Plan, backbone: ModelSpec, train: LabelledPhotos) -> ModelSpec:
    """Return the model's description, as far as it is known before it is made."""
    return replace(
        backbone,
        id=plan.id,
        name=plan.name,
        family=OURS,
        description=plan.description,
        # The whole photo: `starter` is right on 95.3% of the validation photos, with the middle square on 94.8%.
        input=replace(backbone.input, resize="squash", filter="bilinear"),
        output=OutputSpec(len(train.classes)),
        published=None,
        novelty=None,
        track_record=None,
        source={},
    )


def _opened(backbone: ModelFolder, spec: ModelSpec) -> LiteRTClassifier:
    """Return the backbone, which looks at photos as the model will."""
    return LiteRTClassifier(replace(backbone, spec=replace(backbone.spec, input=spec.input)), inner=(Inner.FEATURES,))


def _content(plan: Plan, spec: ModelSpec, backbone: ModelFolder, out: Path) -> bytes:
    """Return the model's file, as the app puts it together."""
    packaged = origins.load(SHIPPED / "catalogue.toml").packaged.get(plan.backbone)
    if packaged is not None:
        made = replace(packaged, spec=spec, head=out / HEAD, labels=out / spec.labels)
        return from_package.litert(made)
    head = from_package.read_head(out / HEAD)
    return graft(
        backbone.read_weights(), head.weight, head.bias, Pooling.WHOLE, spec.input.size_wh, backbone.spec.weights
    )


def _finish(
    plan: Plan,
    spec: ModelSpec,
    backbone: ModelFolder,
    val: LabelledPhotos,
    unknown: Sequence[Path],
    about: dict[str, Any],
    work: Path,
    out: Path,
) -> None:
    """Write the model's file into a folder `work`, measure it there, and put what is told of it into `out`."""
    content = _content(plan, spec, backbone, out)
    (work / spec.weights).write_bytes(content)
    (work / spec.labels).write_bytes((out / spec.labels).read_bytes())
    describe(work, spec, val, about)
    classifier = LiteRTClassifier(load(work), inner=(Inner.LOGITS,))
    known = _look(classifier, [photo.source for photo in val.photos])
    threshold = least(known.score[known.is_clear])
    figures = {name: _look(classifier, photos) for name, photos in _unknown(unknown).items()}
    answer = classifier.run(classifier.prepare(from_package.probe(spec.input.size_wh))).probabilities
    source = {
        "kind": KIND if backbone.spec.source.get("kind") == KIND else "file",
        "backbone": plan.backbone,
        "head": HEAD,
        "weights_sha256": hashlib.sha256(content).hexdigest(),
        "bytes": len(content),
        "self_test": {"class": int(answer.argmax()), "probability": round(float(answer.max()), 3)},
    }
    clear, kept = known.clear(), known.clear(threshold)
    right = known.answer == [photo.label for photo in val.photos]
    known_kept = round(float(kept.sum() / clear.sum()), 4)
    tells_apart = next((auroc(known.score, seen.score) for seen in figures.values()), 0.0)
    novelty = Novelty(
        "max-logit",
        threshold,
        known_kept,
        _sentence(known, figures),
        hint=tells_apart < TELLS,
        prices=_prices(known, figures),
    )
    writing.write(work, replace(load(work).spec, source=source, novelty=novelty))
    record = measure(work, val).by_itself.record(val.name, is_unseen=True)  # with the unfamiliar among its answers
    writing.write(out, replace(load(work).spec, track_record=record))
    metrics = json.loads((work / METRICS).read_text("utf-8"))
    metrics["novelty"] = {
        "threshold": threshold,
        "clear": float(clear.mean()),
        "right": float(right[clear].mean()),
        "known_kept": known_kept,
        "right_and_familiar": float(right[kept].mean()),
        "photos": {name: _against(known, seen, threshold) for name, seen in figures.items()},
    }
    (out / METRICS).write_text(json.dumps(metrics, indent=1, ensure_ascii=False) + "\n", "utf-8")
    card.update_folder(out)


def _look(classifier: LiteRTClassifier, photos: Sequence[Source]) -> Seen:
    def one(photo: Source) -> tuple[np.intp, bool, float]:
        image = open_photo(photo.read(), photo.name, at_least=pixels_needed(classifier))
        found = classifier.run(classifier.prepare(image))
        kind = judge(found.probabilities, classifier.labels).kind
        return found.probabilities.argmax(), kind is VerdictKind.CLEAR, found.inner[Inner.LOGITS].max()

    with ThreadPoolExecutor(classifier.workers) as pool:
        answer, is_clear, score = zip(*pool.map(one, photos), strict=True)
    return Seen(np.array(answer), np.array(is_clear), np.array(score))


def _unknown(folders: Sequence[Path]) -> dict[str, list[Source]]:
    """Return the photos of other things in each folder; of one with known things among them, those apart."""
    found: dict[str, list[Source]] = {}
    for folder in folders:
        if not (folder / "labels.csv").is_file():
            found[folder.name] = find_photos(folder)
            continue
        labelled = read_labelled(folder)
        ours = {position for positions in everyday().values() for position in positions}
        of_ours = [wnid_positions().get(name) in ours for name in labelled.classes]
        found[folder.name] = [photo.source for photo in labelled.photos if not of_ours[photo.label]]
        found[f"{folder.name}, {_KNOWN}"] = [photo.source for photo in labelled.photos if of_ours[photo.label]]
    return found


def _against(known: Seen, seen: Seen, threshold: float) -> dict[str, float]:
    return {
        "photos": len(seen.score),
        "clear": float(seen.clear().mean()),
        "clear_and_familiar": float(seen.clear(threshold).mean()),
        "auroc": auroc(known.score, seen.score),
        "fpr95": fpr(known.score, seen.score),
    }


def _prices(known: Seen, figures: Mapping[str, Seen]) -> Prices | None:
    """Return what other thresholds cost; by the first folder of unknown things, and all known ones from elsewhere."""
    if not figures:
        return None
    first = next(iter(figures.values()))
    elsewhere = [seen.score[seen.is_clear] for name, seen in figures.items() if _KNOWN in name]
    scores = np.concatenate(elsewhere) if elsewhere else np.empty(0)
    clear = known.score[known.is_clear]
    return prices(clear, [(first.score[first.is_clear], len(first.score))], scores if len(scores) else None)


def _sentence(known: Seen, figures: dict[str, Seen]) -> str:
    """Return on what the threshold was found, and how well it tells things apart."""
    others = [
        f"{name} ({len(seen.score)}): AUROC {auroc(known.score, seen.score):.3f}, "
        f"FPR at 95% {fpr(known.score, seen.score):.3f}"
        for name, seen in figures.items()
        if _KNOWN not in name
    ]
    of = f"the threshold keeps {1 - LOST:g} of {int(known.is_clear.sum())} clear answers to validation photos"
    return "; ".join([of, *others])


if __name__ == "__main__":
    main()
