"""How well models tell photos of things they do not know, by four scores and on photos of two sources and more.

`python -m tests.benchmarks.novelty [MODEL …]` prints, for models that are ready here, AUROC and FPR at 95% of the
largest probability (MSP), the largest logit, the energy (log of the sum of the logits' exponentials; Liu et al., arXiv
2010.03759) and the cosine to the nearest class mean; then what a threshold that keeps 95% of the known clear answers
costs and brings, and the `[novelty]` that follows. `make bench` holds the model `starter` to its marks.

Scores often tell where photos come from, not what is new in them: so known things from elsewhere stand beside.
"""

import argparse
import functools
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lib.catalogue.store import Store
from lib.classify.infer import pixels_needed
from lib.classify.litert import LiteRTClassifier
from lib.classify.novelty import nearness
from lib.datasets.groups import everyday
from lib.errors import ModelFileError
from lib.evaluation.novelty import LOST, auroc, fpr, least, prices
from lib.formats.inner import Inner
from lib.model.imagenet import is_imagenet, wnid_positions
from lib.model.spec import ModelFolder
from lib.model.writing import to_toml
from lib.photos.opening import open_photo
from lib.photos.source import Source
from lib.results import VerdictKind
from lib.verdict import judge
from tests.benchmarks.measuring import Figure

Floats = NDArray[np.float64]
SHARED = Path(__file__).resolve().parents[3] / "shared"
STARTERS = ("starter", "starter-scratch", "starter-xception", "starter-small")
THOUSAND = ("efficientnet-lite0-int8", "efficientnet-lite0")
# The least AUROC on any source of other things; ants and bees, which sit on flowers, are apart.
WORTH_A_WORD, WORTH_A_HINT, NEAR = 0.95, 0.85, "ants-vs-bees"
# Photos of imagenet-sample that are of none of the twenty classes, but may be said to show one.
ARGUABLE = {
    "bakery", "barn", "breakwater", "car_mirror", "cliff_dwelling", "container_ship", "dam", "drilling_platform",
    "greenhouse", "lakeside", "lifeboat", "mobile_home", "schooner", "tobacco_shop", "toyshop", "traffic_light",
    "water_tower", "yurt",
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Seen:
    """What a model makes of some photos.

    Attributes:
        logits: Shape (N, K), of the classes that are shown.
        probability: Shape (N,), the largest.
        is_clear: Shape (N,), whether the verdict is.
        features: Shape (N, D), or (N, 0) for a model without.
    """

    logits: Floats
    probability: Floats
    is_clear: NDArray[np.bool_]
    features: Floats


@dataclass(frozen=True)
class Photos:
    """What a model is measured on.

    Attributes:
        known: Photos of its classes, not learned from.
        unknown: Photos of other things, by source.
        priced: The sources by which the price of thresholds is told.
        elsewhere: Photos of its classes from another source.
        learned: For each class the photos that it learned from; none for models of others.
        about: What the known photos and those from elsewhere are, in words.
    """

    known: list[Path]
    unknown: dict[str, list[Path]]
    priced: tuple[str, ...]
    elsewhere: list[Path]
    learned: list[list[Path]]
    about: tuple[str, str]


def of_twenty() -> Photos:
    """Return the photos for models of the starters' twenty classes."""
    ours = {position for positions in everyday().values() for position in positions}
    train, val = (sorted((SHARED / "datasets" / "everyday-20" / part).iterdir()) for part in ("train", "val"))
    sample = _photos(SHARED / "photos" / "imagenet-sample")
    is_ours = {path: wnid_positions()[path.name.split("_")[0]] in ours for path in sample}
    return Photos(
        known=[photo for folder in val for photo in _photos(folder)],
        unknown={
            "other-things": _photos(SHARED / "photos" / "other-things"),
            "imagenet-sample, strict": [
                path for path in sample if not is_ours[path] and path.stem.split("_", 1)[1] not in ARGUABLE
            ],
            "hand-digits": _photos(SHARED / "datasets" / "hand-digits" / "train"),
            NEAR: _photos(SHARED / "datasets" / "ants-vs-bees" / "train"),
        },
        priced=("other-things",),
        elsewhere=[path for path in sample if is_ours[path]],
        learned=[_photos(folder) for folder in train],
        about=("validation photos", "photos of ImageNet"),
    )


def of_a_thousand() -> Photos:
    """Return the photos for models of ImageNet's classes, which know hands as little as tulips.

    All 648 photos of known things are of ImageNet: a model may have learned from them.
    """
    flowers, pets = (SHARED / "datasets" / name for name in ("flowers-5x100", "cats-vs-dogs"))
    return Photos(
        known=_photos(SHARED / "photos" / "imagenet-sample") + _photos(SHARED / "photos" / "other-things"),
        unknown={
            "hand-digits": _photos(SHARED / "datasets" / "hand-digits" / "train"),
            "flowers, no daisies": [
                photo
                for name in ("dandelion", "rose", "sunflower", "tulip")
                for part in ("train", "val")
                for photo in _photos(flowers / part / name)
            ],
        },
        priced=("hand-digits", "flowers, no daisies"),
        elsewhere=_photos(pets / "train") + _photos(pets / "val"),
        learned=[],
        about=("photos of ImageNet, which it may have learned from", "cats and dogs"),
    )


def _photos(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in {".jpg", ".jpeg", ".png"})


def look(folder: ModelFolder, *, with_features: bool) -> Callable[[Sequence[Path]], Seen]:
    """Return what lets a model look at photos, on all cores."""
    inner = (Inner.LOGITS, Inner.FEATURES) if with_features else (Inner.LOGITS,)
    classifier = LiteRTClassifier(folder, inner=inner)

    def one(path: Path) -> tuple[Floats, float, bool, Floats]:
        image = open_photo(Source.of_path(path).read(), path.name, at_least=pixels_needed(classifier))
        found = classifier.run(classifier.prepare(image))
        is_clear = judge(found.probabilities, classifier.labels).kind is VerdictKind.CLEAR
        logits = found.inner[Inner.LOGITS][folder.spec.output.shown]
        return logits, found.probabilities.max(), is_clear, found.inner.get(Inner.FEATURES, np.empty(0))

    def look_at(paths: Sequence[Path]) -> Seen:
        with ThreadPoolExecutor(classifier.workers) as pool:
            logits, probability, is_clear, features = zip(*pool.map(one, paths), strict=True)
        return Seen(np.array(logits), np.array(probability), np.array(is_clear), np.array(features))

    return look_at


def scores(means: Floats | None) -> dict[str, Callable[[Seen], Floats]]:
    """Return what is compared: the higher, the more familiar."""
    found: dict[str, Callable[[Seen], Floats]] = {
        "MSP": lambda seen: seen.probability,
        "max logit": lambda seen: seen.logits.max(axis=1),
        "energy": lambda seen: np.asarray(np.logaddexp.reduce(seen.logits, axis=1)),
    }
    if means is not None:
        found["class mean"] = lambda seen: nearness(seen.features, means)
    return found


@dataclass(frozen=True, eq=False)
class Measured:
    """One model, and what it makes of the photos."""

    model: str
    known: Seen
    unknown: dict[str, Seen]
    photos: Photos
    elsewhere: Seen
    means: Floats | None


def look_with(folder: ModelFolder, photos: Photos) -> Measured:
    """Let a model look at everything."""
    with_features = bool(photos.learned)
    try:
        look_at = look(folder, with_features=with_features)
    except ModelFileError:  # a net without pooling
        with_features, look_at = False, look(folder, with_features=False)
    means = None
    if with_features:
        rows = (look_at(paths).features for paths in photos.learned)
        means = np.array([(row / np.linalg.norm(row, axis=1, keepdims=True)).mean(axis=0) for row in rows])
    unknown = {name: look_at(paths) for name, paths in photos.unknown.items()}
    return Measured(folder.spec.id, look_at(photos.known), unknown, photos, look_at(photos.elsewhere), means)


def kept(score: Floats, seen: Seen, threshold: float) -> float:
    """Return the share of a set's clear answers that are not below the threshold."""
    return float((score[seen.is_clear] >= threshold).mean()) if seen.is_clear.any() else float("nan")


def show(found: Measured, share: float) -> None:
    """Print the table of a model, and its `[novelty]` by the largest logit, which keeps a share of clear answers."""
    known, elsewhere = found.known, found.elsewhere
    print(f"\n{found.model}: {len(known.probability)} known photos, {known.is_clear.mean():.1%} clear")
    print(f"  {'score':10} {'photos of other things':24} {'AUROC':>6} {'FPR95':>6}  clear, and still clear")
    for name, score in scores(found.means).items():
        own = score(known)
        threshold = least(own[known.is_clear])
        for source, seen in found.unknown.items():
            left = (seen.is_clear & (score(seen) >= threshold)).mean()
            figures = f"{auroc(own, score(seen)):6.3f} {fpr(own, score(seen)):6.3f}"
            print(f"  {name:10} {source:24} {figures}  {seen.is_clear.mean():6.1%} {left:6.1%}")
        lost = 1 - kept(score(elsewhere), elsewhere, threshold)
        count = int(elsewhere.is_clear.sum())
        print(f"  {name:10} threshold {threshold:.4f}; of {count} clear known things from elsewhere flagged {lost:.1%}")
    print(to_toml({"novelty": table(found, share)}))


def table(found: Measured, share: float) -> dict[str, object]:
    """Return the `[novelty]` of a model by its largest logit; the threshold keeps a share of known clear answers."""
    score = scores(None)["max logit"]
    own, others, elsewhere = score(found.known), found.unknown, found.elsewhere
    threshold = least(own[found.known.is_clear], share)
    unknown = [
        (score(seen)[seen.is_clear], len(seen.is_clear)) for seen in map(others.__getitem__, found.photos.priced)
    ]
    costs = prices(own[found.known.is_clear], unknown, score(elsewhere)[elsewhere.is_clear])
    areas = {name: auroc(own, score(seen)) for name, seen in others.items()}
    told = [
        f"{name} ({len(seen.probability)}): AUROC {areas[name]:.3f}, FPR at 95% {fpr(own, score(seen)):.3f}"
        for name, seen in others.items()
    ]
    at_home, abroad = found.photos.about
    of = f"the threshold keeps {share:.3g} of {int(found.known.is_clear.sum())} clear answers to {at_home}"
    worst = min(area for name, area in areas.items() if name != NEAR)
    return {
        "method": "max-logit",
        "threshold": threshold,
        "known_kept": round(kept(own, found.known, threshold), 4),
        "measured": "; ".join([of, *told, f"elsewhere: {int(elsewhere.is_clear.sum())} clear answers to {abroad}"]),
        "hint": "not worth it" if worst < WORTH_A_HINT else worst < WORTH_A_WORD,
        "prices": {
            "threshold": costs.threshold,
            "known_kept": costs.known_kept,
            "unknown_clear": costs.unknown_clear or (),
            "elsewhere_kept": costs.elsewhere_kept or (),
        },
    }


@functools.cache
def _looked(model: str) -> Measured:
    folder = Store().open_folder(model)
    return look_with(folder, of_a_thousand() if is_imagenet(folder.read_labels()) else of_twenty())


def measure(shared: Path) -> list[Figure]:
    """Measure the model `starter` by its own threshold; its photos are those in `shared`."""
    folder = Store().open_folder("starter")
    novelty = folder.spec.novelty
    assert novelty is not None
    photos = of_twenty()
    look_at = look(folder, with_features=False)
    known, other = look_at(photos.known), look_at(photos.unknown["other-things"])
    score = scores(None)["max logit"]
    still = float((other.is_clear & (score(other) >= novelty.threshold)).mean())
    detail = {"clear without a threshold": round(float(other.is_clear.mean()), 4), "threshold": novelty.threshold}
    return [
        Figure(
            f"starter: of clear answers to {len(photos.known)} known photos kept",
            kept(score(known), known, novelty.threshold),
            "",
            at_least=0.95,
            detail={"clear": round(float(known.is_clear.mean()), 4)},
        ),
        Figure("starter: of 448 photos of other things still clear", still, "", at_most=0.10, detail=detail),
    ]


def main() -> None:
    """Measure the named models, or those that come with the app."""
    parser = argparse.ArgumentParser("python -m tests.benchmarks.novelty")
    parser.add_argument("models", nargs="*", metavar="MODEL", help="ids; none for the starters and EfficientNet-Lite0")
    parser.add_argument("--kept", type=float, default=1 - LOST, help="share of the known clear answers to keep")
    arguments = parser.parse_args()
    for model in arguments.models or (*STARTERS, *THOUSAND):
        show(_looked(model), arguments.kept)


if __name__ == "__main__":
    main()
