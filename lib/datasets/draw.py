"""What is held out of labelled photos: a draw that depends on the photos alone, and keeps together what is alike."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256

from lib.datasets.duplicates import Trace
from lib.datasets.duplicates import groups as alike
from lib.datasets.fingerprint import Fingerprint, Looking, fingerprints, look
from lib.datasets.labelled import LabelledPhotos
from lib.errors import DatasetError
from lib.messages import N_, Message

Groups = Sequence[tuple[int, ...]]


def split_apart(
    photos: LabelledPhotos, *, validation: float, seed: int, looking: Looking = look
) -> tuple[LabelledPhotos, LabelledPhotos]:
    """Split photos after a look at each of them, so that those that are nearly the same stay on one side.

    The look decodes each photo at reduced scale: about 2 ms for one of 500 × 375 pixels, 25 ms for a phone's, a core.
    """
    together, seen = _look(photos, looking)
    identities = [one.digest or photo.source.name for photo, one in zip(photos.photos, seen, strict=True)]
    return split(photos, validation=validation, seed=seed, groups=together, identities=identities)


def grouped(photos: LabelledPhotos, *, looking: Looking = look) -> LabelledPhotos:
    """Return photos that say which of them are nearly the same, after a look at each; see `split_apart`."""
    together, _ = _look(photos, looking)
    return _numbered(photos, together)


def _look(photos: LabelledPhotos, looking: Looking) -> tuple[Groups, list[Fingerprint]]:
    seen = list(fingerprints([photo.source for photo in photos.photos], looking))
    traces = [Trace(photo.label, one.digest, one.phash) for photo, one in zip(photos.photos, seen, strict=True)]
    return alike(traces), seen


def _numbered(photos: LabelledPhotos, groups: Groups) -> LabelledPhotos:
    number = {place: number for number, group in enumerate(groups) for place in group}
    return replace(
        photos, photos=tuple(replace(photo, group=number[place]) for place, photo in enumerate(photos.photos))
    )


def split(
    photos: LabelledPhotos,
    *,
    validation: float = 0.15,
    seed: int = 0,
    groups: Groups | None = None,
    identities: Sequence[str] | None = None,
) -> tuple[LabelledPhotos, LabelledPhotos]:
    """Return (training set, validation set): about the same share of each class, drawn by `seed`.

    What is in one group stays on one side, and at least one group of each class goes to each. Where a class is a
    single group, its last photos are held out all the same, and a note says what that is worth. Photos in `groups` say
    in which.

    Args:
        photos: At least two of each class.
        validation: Share for validation, above 0 and below 1.
        seed: Any non-negative integer.
        groups: Positions of photos that belong together, each in one group of one class; None: each by itself.
        identities: What tells each photo wherever it lies, such as its digest; None for the sources' names.
    """
    held, cut = held_out(
        [photo.label for photo in photos.photos],
        groups or [(place,) for place in range(len(photos.photos))],
        identities or [photo.source.name for photo in photos.photos],
        validation=validation,
        seed=seed,
    )
    text = N_(
        "All photos of the class {name} are much alike, so those that were held out say little: add photos from "
        "another place or time."
    )
    notes = photos.notes + tuple(Message(text, {"name": photos.titles[label]}) for label in cut)
    photos = photos if groups is None else _numbered(photos, groups)
    kept = tuple(photo for place, photo in enumerate(photos.photos) if place not in held)
    taken = tuple(photo for place, photo in enumerate(photos.photos) if place in held)
    return replace(photos, photos=kept, notes=notes), replace(photos, photos=taken, notes=notes, skipped=())


def held_out(
    labels: Sequence[int], groups: Groups, identities: Sequence[str], *, validation: float, seed: int
) -> tuple[frozenset[int], tuple[int, ...]]:
    """Return the positions of the photos to hold out, and the classes whose only group had to be cut.

    Groups are taken in the order of a hash of the seed and of what is in them. So the draw depends on nothing but the
    photos: not on the machine, their order, or the names of the classes; and photos that are added later move few of
    the others to the other side.

    Args:
        labels: The class of each photo.
        groups: As for `split`.
        identities: As for `split`.
        validation: Share to hold out, above 0 and below 1.
        seed: Any integer.

    Raises:
        DatasetError: `validation` is not between 0 and 1.
    """
    if not 0.0 < validation < 1.0:
        raise DatasetError(N_("The share of validation photos must be between 0 and 1, not {share}."), share=validation)
    turns = [sha256(f"{seed} {identity}".encode("utf-8", "surrogatepass")).digest() for identity in identities]
    of_class: defaultdict[int, list[tuple[int, ...]]] = defaultdict(list)
    for group in sorted(groups, key=lambda group: min((turns[place], place) for place in group)):
        of_class[labels[group[0]]].append(group)
    held: set[int] = set()
    cut = [label for label, own in of_class.items() if len(own) == 1 and len(own[0]) > 1]
    for own in of_class.values():
        held.update(_of_class(own, validation))
    return frozenset(held), tuple(sorted(cut))


def _of_class(groups: Groups, validation: float) -> list[int]:
    """Return what to hold out of one class, whose groups come in the order of their turns."""
    photos = sum(map(len, groups))
    wanted = min(max(round(validation * photos), 1), photos - 1)
    if len(groups) == 1:
        return sorted(groups[0])[photos - wanted :]
    held: list[int] = []
    taken = 0
    for group in groups:
        is_closer = abs(len(held) + len(group) - wanted) < abs(len(held) - wanted)
        if is_closer and taken < len(groups) - 1:
            held += group
            taken += 1
    smallest = min(groups, key=len)
    return held or list(smallest)
