"""Labelled photos → their features, on all cores; what cannot be looked at is set aside with its reason."""

import threading
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from lib.datasets.labelled import LabelledPhoto, LabelledPhotos
from lib.errors import Cancelled, ModelOutputError, PhotoError
from lib.messages import Message
from lib.training.discriminant import Ints
from lib.training.features import Backbone, Features, Pose
from lib.training.kept import KeptFeatures, digest_of
from lib.work.ordered import in_order
from lib.work.progress import OnProgress, Progress


@dataclass(frozen=True, slots=True, eq=False)
class Read:
    """Photos that were read.

    Attributes:
        photos: Those that can be looked at.
        features: Of each.
        digests: SHA-256 of each one's file.
    """

    photos: LabelledPhotos
    features: tuple[Features, ...]
    digests: tuple[str, ...]

    @property
    def labels(self) -> Ints:
        """Return the class of each, shape (N,)."""
        return np.array([photo.label for photo in self.photos.photos], dtype=np.int64)

    @property
    def groups(self) -> tuple[Hashable, ...]:
        """Return a mark for each, the same for those that are nearly the same; where nobody looked, one of its own."""
        photos = self.photos.photos
        return tuple(f"alone {place}" if one.group is None else one.group for place, one in enumerate(photos))

    def only(self, chosen: Sequence[int]) -> "Read":
        """Return those at these places."""
        return Read(
            replace(self.photos, photos=tuple(self.photos.photos[k] for k in chosen)),
            tuple(self.features[k] for k in chosen),
            tuple(self.digests[k] for k in chosen),
        )


def read(
    photos: LabelledPhotos,
    backbone: Backbone,
    poses: Sequence[Pose],
    *,
    kept: KeptFeatures | None = None,
    on_progress: OnProgress = lambda progress: None,
    cancelled: threading.Event | None = None,
) -> Read:
    """Return the features of photos; those that cannot be looked at are skipped with their reasons.

    Args:
        photos: The photos.
        backbone: What looks at them, on all cores.
        poses: How each is shown.
        kept: Features that were read before; None reads all, and keeps none.
        on_progress: Told the photos done, in this thread.
        cancelled: Once set, no further photo is begun.

    Raises:
        Cancelled: `cancelled` was set.
    """

    def one(photo: LabelledPhoto) -> tuple[str, Features] | Message:
        if kept is not None and photo.digest and (known := kept.get(backbone, photo.digest, poses)) is not None:
            return photo.digest, known
        try:
            data = photo.source.read()
            digest = digest_of(data)
            known = kept.get(backbone, digest, poses) if kept is not None else None
            found = known or backbone.read_photo(data, photo.source.name, poses)
        except (PhotoError, ModelOutputError) as error:
            return error.message
        if kept is not None and known is None:
            kept.put(backbone, digest, found)
        return digest, found

    made: list[tuple[str, Features]] = []
    broken: dict[int, Message] = {}
    total = len(photos.photos)
    on_progress(Progress(done=0, total=total))
    for done, found in enumerate(in_order(one, photos.photos, workers=backbone.workers, cancelled=cancelled)):
        if isinstance(found, Message):
            broken[done] = found
        else:
            made.append(found)
        on_progress(Progress(done=done + 1, total=total))
    if cancelled is not None and cancelled.is_set():
        raise Cancelled
    digests, features = zip(*made, strict=True) if made else ((), ())
    return Read(photos.without(broken), features, digests)
