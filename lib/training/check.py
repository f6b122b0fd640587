"""Which photos of a collection to look at again: likely wrong labels, what gives a class away, and what is missing."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from lib.messages import N_, Message
from lib.training.traits import SAME_RIM, Difference, Trait, Traits, differences, rim_difference
from lib.verdict import percent

# A label is doubted where the photo, left out, is another class with this probability, and of the photos most like it
# at most one has its label. Measured with EfficientNet-Lite0 and the heads of `lib.training.heads`, five draws of 60
# photos a class (hand-digits 30): with a tenth of the labels exchanged it finds 8.2 of 12 (ants-vs-bees), 9.4 of 12
# (cats-vs-dogs), 14.2 of 30 (hand-digits), 17.0 of 30 (flowers-5x100) and names 0.8, 1.2, 0 and 2.6 others; with none
# exchanged it names 1.6 of 120, 1.0 of 120, 3.8 of 300 and 10.4 of 300.
SURE, NEIGHBOURS, FEW_OWN = 0.7, 5, 1
GOOD_START, FEW_MOMENTS = 10, 4  # photos of a class, and of those moments in which they were taken
UNEVEN = 3  # times as many photos as another class
_OFTEN = 4  # photos of a class below which there is nothing to say about their variety


@dataclass(frozen=True, slots=True)
class Suspect:
    """A photo whose label may be wrong.

    Attributes:
        photo: Its position.
        said: Position of the class that its label names.
        looks_like: Position of the class that it is when it is left out.
        probability: Of that class.
    """

    photo: int
    said: int
    looks_like: int
    probability: float


class About(StrEnum):
    """What a remark is about."""

    LESSON = "lesson"  # something else than the thing tells the classes apart
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Remark:
    """Something to know about a collection.

    Attributes:
        about: What.
        says: What was found, in one sentence.
        tip: What to do, in one sentence.
    """

    about: About
    says: Message
    tip: Message


def suspects(
    answers: NDArray[np.intp],
    probabilities: NDArray[np.float64],
    labels: NDArray[np.intp],
    features: NDArray[np.floating],
    groups: NDArray[np.intp],
) -> tuple[Suspect, ...]:
    """Return the photos whose labels are likely wrong, the likeliest first.

    Args:
        answers: Shape (N,): what each photo is when it is left out.
        probabilities: Shape (N,): how likely.
        labels: Shape (N,): what its label says.
        features: Shape (N, D), rows of length 1.
        groups: Shape (N,): photos of the same number are nearly the same; they do not speak for each other.
    """
    (doubted,) = np.nonzero((answers != labels) & (probabilities >= SURE))
    own = _own_share(doubted, labels, features, groups)
    doubts = [
        (probability - share, Suspect(int(photo), int(labels[photo]), int(answers[photo]), probability))
        for photo, share, probability in zip(doubted, own, probabilities[doubted].tolist(), strict=True)
        if share <= FEW_OWN / NEIGHBOURS
    ]
    return tuple(suspect for _, suspect in sorted(doubts, key=lambda doubt: -doubt[0]))


def _own_share(
    photos: NDArray[np.intp], labels: NDArray[np.intp], features: NDArray[np.floating], groups: NDArray[np.intp]
) -> list[float]:
    """Return for each of `photos` how many of those most like it have its label, from 0 to 1."""
    if not photos.size:
        return []
    every = features.astype(np.float32)
    alike = every[photos] @ every.T
    alike[groups[photos][:, None] == groups] = -np.inf
    nearest = np.argsort(-alike, axis=1, kind="stable")[:, :NEIGHBOURS]
    is_other = np.isfinite(np.take_along_axis(alike, nearest, axis=1))
    is_own = is_other & (labels[nearest] == labels[photos][:, None])
    shares: list[float] = (is_own.sum(axis=1) / np.maximum(is_other.sum(axis=1), 1)).tolist()
    return shares


def remarks(
    names: Sequence[str],
    labels: NDArray[np.intp],
    traits: Sequence[Traits],
    groups: NDArray[np.intp],
    bursts: Sequence[str | None],
) -> tuple[Remark, ...]:
    """Return what gives classes away, then what is missing.

    What gives a class away is said of all photos, those that are nearly the same included: a model has no others.

    Args:
        names: Of the C classes, also of those without photos.
        labels: Shape (N,): positions of the photos' classes.
        traits: Of the N photos.
        groups: Shape (N,): photos of the same number are nearly the same.
        bursts: Of each photo which burst of the camera it is from, if any.
    """
    of_class = [[traits[photo] for photo in np.flatnonzero(labels == klass).tolist()] for klass in range(len(names))]
    found = [_lesson(names, np.unique(labels), each) for each in differences(traits, labels)]
    found += _backgrounds(names, of_class)
    for klass, name in enumerate(names):
        own = np.flatnonzero(labels == klass).tolist()
        found += _alone(name, len(own), len({groups[photo] for photo in own}), {bursts[photo] for photo in own})
    found += _uneven(names, np.bincount(labels, minlength=len(names)))
    return tuple(sorted(found, key=lambda remark: remark.about is About.MISSING))


_MORE = {
    (Trait.LIGHT, True): N_("is brighter"),
    (Trait.LIGHT, False): N_("is darker"),
    (Trait.WARMTH, True): N_("has a redder background"),
    (Trait.WARMTH, False): N_("has a bluer background"),
    (Trait.UNREST, True): N_("has a busier background"),
    (Trait.UNREST, False): N_("has a plainer background"),
    (Trait.SHARPNESS, True): N_("is sharper"),
    (Trait.SHARPNESS, False): N_("is more blurred"),
    (Trait.WIDTH, True): N_("is wider in shape"),
    (Trait.WIDTH, False): N_("is taller in shape"),
    (Trait.SIZE, True): N_("has more pixels"),
    (Trait.SIZE, False): N_("has fewer pixels"),
}
_BACKGROUND_TIP = N_("It may learn the background instead of the thing. Take photos of every class in the same places.")
_TIPS = {
    Trait.LIGHT: N_("It may learn the light instead of the thing. Take some photos of every class in the same light."),
    Trait.WARMTH: _BACKGROUND_TIP,
    Trait.UNREST: _BACKGROUND_TIP,
    Trait.SHARPNESS: N_("It may learn the blur instead of the thing. Take photos of every class in the same way."),
    Trait.WIDTH: N_("It may learn the shape of the photo. Hold the camera the same way for every class."),
    Trait.SIZE: N_("They may come from another camera or place, and it may learn that. Mix where photos come from."),
}


def _lesson(names: Sequence[str], present: NDArray[np.intp], difference: Difference) -> Remark:
    text = N_("Nearly always, a photo of {a} {differs} than one of another class.")
    if len(present) == 2:
        text = N_("Nearly always, a photo of {a} {differs} than one of {b}.")
    # Of two classes only the first is said to differ, so the last is the other one.
    values = {"a": names[difference.klass], "b": names[present[-1]]}
    says = Message(text, {**values, "differs": Message(_MORE[difference.trait, difference.has_more])})
    return Remark(About.LESSON, says, Message(_TIPS[difference.trait]))


def _backgrounds(names: Sequence[str], of_class: Sequence[Sequence[Traits]]) -> list[Remark]:
    """Return what there is to say of classes whose photos all have about the same background."""
    within = [rim_difference(some) if len(some) >= _OFTEN else float("inf") for some in of_class]
    same = [klass for klass, difference in enumerate(within) if difference <= SAME_RIM]
    found = []
    for klass in same:
        others = [each for other, some in enumerate(of_class) if other != klass for each in some]
        if others and rim_difference(of_class[klass], others) >= 2 * max(within[klass], SAME_RIM / 2):
            says = Message(
                N_("All photos of {a} have nearly the same background, and the others have another."),
                {"a": names[klass]},
            )
            found.append(Remark(About.LESSON, says, Message(_BACKGROUND_TIP)))
    if found or not same:
        return found
    tip = Message(N_("It may not know the same thing elsewhere. Take some photos in other places."))
    if len(same) == len(names):
        return [Remark(About.MISSING, Message(N_("All photos have nearly the same background.")), tip)]
    text = N_("All photos of {a} have nearly the same background.")
    return [Remark(About.MISSING, Message(text, {"a": names[klass]}), tip) for klass in same]


def _alone(name: str, photos: int, groups: int, bursts: set[str | None]) -> list[Remark]:
    """Return what one class lacks, at most one thing: the worst."""
    if not photos:
        tip = N_("Give it some photos: ten are a good start.")
        return [Remark(About.MISSING, Message(N_("{a} has no photos."), {"a": name}), Message(tip))]
    if photos >= _OFTEN and (groups == 1 or (len(bursts) == 1 and None not in bursts)):
        says = Message(N_("All photos of {a} were taken in one go."), {"a": name})
        tip = N_("They count like one. Take some later, from another side, in another place.")
        return [Remark(About.MISSING, says, Message(tip))]
    if photos < GOOD_START:
        says = Message(N_("{a} has few photos: {n}."), {"a": name, "n": photos})
        return [Remark(About.MISSING, says, Message(N_("Ten different ones are a good start.")))]
    if groups < FEW_MOMENTS:
        says = Message(
            N_("{a} has {n} photos, but from {moments} moments only."), {"a": name, "n": photos, "moments": groups}
        )
        tip = N_(
            "Photos that are nearly the same count like one. Take some later, from another side, in another place."
        )
        return [Remark(About.MISSING, says, Message(tip))]
    return []


def _uneven(names: Sequence[str], counts: NDArray[np.intp]) -> list[Remark]:
    if len(names) < 2 or not counts.min() or counts.max() < UNEVEN * counts.min():
        return []
    most, least = int(counts.argmax()), int(counts.argmin())
    text = N_("{a} has {n} photos, {b} only {m}.")
    says = Message(text, {"a": names[most], "n": int(counts[most]), "b": names[least], "m": int(counts[least])})
    tip = Message(N_("Give {b} some more: what it has seen less of, it knows less well."), {"b": names[least]})
    return [Remark(About.MISSING, says, tip)]


def doubt(suspect: Suspect, names: Sequence[str]) -> Message:
    """Return what is said of a photo whose label may be wrong."""
    text = N_("You said {said}. Left out, it says {other} ({percent}).")
    values = {"said": names[suspect.said], "other": names[suspect.looks_like], "percent": percent(suspect.probability)}
    return Message(text, values)
