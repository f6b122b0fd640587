"""Photos → a model folder in seconds: a head of one's own on a finished model, in this process, without TensorFlow.

The features of each photo are read once (and kept, `lib.training.kept`), a head is fitted on them
(`lib.training.heads`) and put on the finished model's file (`lib.formats.graft`).
"""

import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from lib.catalogue.store import DEFAULT_ID, Store
from lib.datasets.labelled import LabelledPhotos, told_of
from lib.errors import DatasetError
from lib.messages import N_
from lib.training.features import PLAIN, Backbone, Look, Pose, poses_of
from lib.training.heads import By, Fitted, HeadSettings, fit
from lib.training.kept import KeptFeatures
from lib.training.launch import TrainResult
from lib.training.making import Made
from lib.training.package import model_name, require_place
from lib.training.reading import read
from lib.work.progress import OnProgress, Progress


@dataclass(frozen=True, slots=True)
class TransferOptions:
    """What a run depends on, besides the photos.

    Attributes:
        backbone: Id of the model whose features are learnt from.
        name: Shown to people; a new model's id is made from it. "": the photos' own name.
        head: What of the head is settled, and what the photos decide.
        is_thorough: Whether the middle square and mirrored photos are tried too, where the settings leave that open: up
            to four inferences a photo.
        place: The id of a user's own model to take the place of, or a folder outside the store to write; None for a new
            model of the store.
    """

    backbone: str = DEFAULT_ID
    name: str = ""
    head: HeadSettings = field(default_factory=HeadSettings)
    is_thorough: bool = False
    place: str | Path | None = None

    @property
    def poses(self) -> tuple[Pose, ...]:
        """Return how photos are to be shown."""
        look, mirror = self.head.look, self.head.mirror
        looks: tuple[Look, ...] = (PLAIN.look if look == "auto" else look,)
        if look == "auto" and self.is_thorough:
            looks = ("whole", "square")
        return poses_of(looks, mirrored=mirror == "on" or (mirror == "auto" and self.is_thorough))


@dataclass(frozen=True, slots=True)
class TransferResult(TrainResult):
    """A finished model.

    Attributes:
        fitted: What was learnt.
        by: How `top1` was measured.
        seconds: Wall clock, from the first photo to the finished folder.
    """

    fitted: Fitted
    by: By
    seconds: float


def train_transfer(
    train: LabelledPhotos,
    held_out: LabelledPhotos | None,
    options: TransferOptions,
    *,
    store: Store | None = None,
    backbone: Backbone | None = None,
    kept: KeptFeatures | None = None,
    on_progress: OnProgress = lambda progress: None,
    cancelled: threading.Event | None = None,
) -> TransferResult:
    """Make a model folder of photos; it appears whole, or what stood there stays.

    Args:
        train: What to learn from. A class none of whose photos can be looked at is left out. Photos of one `group` are
            left out together.
        held_out: What to measure on, of the same classes; None: the training photos, left out in turn.
        options: All else.
        store: Where the models are; None for that of the data folder.
        backbone: That of `options`, where it is open already.
        kept: Features that were read before, and where to keep those that were not; None for neither.
        on_progress: Told the photos read, in this thread.
        cancelled: Set it from another thread to end.

    Raises:
        UsageError: A folder stands at the place that is no model.
        UnknownModelError: There is no such backbone.
        ModelNotReadyError: It is not on this machine yet.
        ModelFileError: It cannot be used, or what came of it does not answer as its parts do.
        DatasetError: Fewer than two classes have photos that can be looked at.
        Cancelled: `cancelled` was set.
        DownloadError: The disk refuses.
    """
    begun, store = time.perf_counter(), store or Store()
    if isinstance(options.place, Path):
        require_place(options.place)
    backbone = backbone or Backbone(store.open_folder(options.backbone))
    total = len(train.photos) + (0 if held_out is None else len(held_out.photos))

    def after(before: int) -> OnProgress:
        return lambda progress: on_progress(Progress(done=before + progress.done, total=total))

    seen = read(train, backbone, options.poses, kept=kept, on_progress=after(0), cancelled=cancelled)
    fitted = fit(seen.features, seen.labels.tolist(), len(train.classes), options.head, seen.groups)
    if fitted is None:
        raise _nothing_to_tell_apart(seen.photos)
    asked = None
    if held_out is not None:
        on_asked, poses = after(len(train.photos)), (Pose(fitted.head.kind.look),)
        asked = read(held_out, backbone, poses, kept=kept, on_progress=on_asked, cancelled=cancelled)
    if kept is not None:
        kept.sweep()
    made = Made(backbone, seen, fitted, asked)
    folder, metrics = made.save(store, model_name(options.name, train.name), options.place)
    top1 = float("nan") if metrics["top1"] is None else float(metrics["top1"])
    seconds = time.perf_counter() - begun
    skipped, notes = told_of(seen.photos, *([] if asked is None else [asked.photos]))
    return TransferResult(folder.spec.id, folder.path, top1, metrics, skipped, notes, fitted, metrics["by"], seconds)


def _nothing_to_tell_apart(photos: LabelledPhotos) -> DatasetError:
    """Return the error of photos of fewer than two classes, which names the first reason there is."""
    if not photos.skipped:
        return DatasetError(N_("{folder} has only one class. Training needs at least two."), folder=photos.name)
    return DatasetError(
        N_("Fewer than two classes in {folder} have photos that can be opened. First reason: {reason}"),
        folder=photos.name,
        reason=photos.skipped[0].reason,
    )
