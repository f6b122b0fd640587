"""What live models learn with: the features of a finished model, and the heads of `lib.training.heads`."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lib.catalogue.store import Entry, State, Store
from lib.errors import AppError, ModelFileError, UsageError
from lib.formats.graft import Pooling, lengths
from lib.messages import N_
from lib.model.spec import ModelFolder
from lib.photos.opening import open_at_each
from lib.projects.live import Eyes, Fit, Lesson, Seen
from lib.projects.project import Settings
from lib.projects.result import By, Result, Said
from lib.training.features import LOOKS, Backbone, Features, Pose, View, poses_of
from lib.training.heads import Fitted, HeadSettings, Kind, fit
from lib.training.kept import KeptFeatures

MOST_OPEN = 3  # backbones that stay in memory
_LOOK_AGAIN_S = 5.0  # for so long a backbone's file is taken to be what it was


class TransferLearner:
    """Reads photos with a backbone, and fits heads on it; see `lib.projects.live.Learner`.

    Args:
        backbone: What sees.
        settings: What is settled, and what folds choose.
    """

    def __init__(self, backbone: Backbone, settings: HeadSettings) -> None:
        self.backbone, self.settings = backbone, settings
        self.key = backbone.key
        looks = [look for look in LOOKS if settings.look in (look, "auto")]
        self.needs = frozenset(poses_of(looks, mirrored=settings.mirror != "off"))

    def pinned(self, head: Fitted | None) -> "TransferLearner":
        """Return one that learns as `head` was learned where the settings leave it open."""
        kind, own = Kind() if head is None else head.head.kind, self.settings
        pooling = kind.pooling.value if own.pooling == "auto" else own.pooling
        look = kind.look if own.look == "auto" else own.look
        mirror = ("on" if kind.is_mirrored else "off") if own.mirror == "auto" else own.mirror
        return TransferLearner(self.backbone, HeadSettings(pooling, look, mirror, own.seed))

    def read(self, data: bytes, name: str, before: Features | None = None) -> Features:
        """Show the photo to the backbone in the poses that are missing."""
        known = before or Features({})
        return known.joined(self._show(data, name, self.needs - known.poses).rows)

    def lacks(self, rows: Features) -> bool:
        """Return whether a pose is missing."""
        return not self.needs <= rows.poses

    def see(self, data: bytes, name: str, head: Fitted) -> Seen[Features]:
        """Show the photo to the backbone in the pose that the head looks at."""
        return self._show(data, name, {Pose(head.head.kind.look)})

    def eyes(self, head: Fitted) -> Eyes:
        """Return what a device needs to see by itself."""
        kind, depth = head.head.kind, self.backbone.lengths[Pooling.WHOLE]
        return Eyes(self.backbone.folder.spec.id, kind.look, depth, 1 if kind.pooling is Pooling.WHOLE else 4)

    def given(self, numbers: NDArray[np.float32], head: Fitted) -> Seen[Features]:
        """Take the numbers for what the head's pose showed; rows have length 1."""
        kind, lengths = head.head.kind, self.backbone.lengths
        wanted = [Pooling.WHOLE, *([] if kind.pooling is Pooling.WHOLE else [kind.pooling])]
        ends = np.cumsum([lengths[pooling] for pooling in wanted])
        parts = np.split(np.asarray(numbers, np.float64), ends)
        if len(numbers) != ends[-1] or not np.isfinite(numbers).all() or not all(np.any(part) for part in parts[:-1]):
            raise UsageError(N_("The model has changed meanwhile. Look again."))
        rows = [(part / np.linalg.norm(part)).astype(np.float16) for part in parts[:-1]]
        views = [View(pooling, Pose(kind.look)) for pooling in wanted]
        return Seen(Features(dict(zip(views, rows, strict=True))), (0, 0))

    def _show(self, data: bytes, name: str, poses: Collection[Pose]) -> Seen[Features]:
        sides = {pose: self.backbone.side((pose.look,)) for pose in poses}
        decoded, size_wh = open_at_each(data, name, lambda _: {*sides.values()})
        found = Features({})
        for pose, side in sides.items():
            found = found.joined(self.backbone.read(decoded[side], (pose,)))
        return Seen(found, size_wh)

    def fit(self, lesson: Lesson[Features]) -> Fit[Fitted]:
        """Fit a head, and ask it about photos that it was not shown."""
        fitted = fit(lesson.rows, lesson.labels, len(lesson.classes), self.settings, lesson.groups)
        assert fitted is not None, "a lesson has two classes"
        return Fit(fitted, _result(lesson, fitted), fitted.said)

    def direction(self, rows: Features, head: Fitted | None) -> NDArray[np.float16]:
        """Return the means of the whole map, of the part of the photo that the head looks at."""
        pose = min(rows.poses) if head is None else Pose(head.head.kind.look)
        return rows.rows[View(Pooling.WHOLE, pose)]

    def load(self, folder: Path, digest: str) -> Features | None:
        """Return a photo's rows, if those of all poses were saved."""
        return KeptFeatures(folder).get(self.backbone, digest, self.needs)

    def settled(self, folder: Path, digest: str) -> int:
        """Return how many bytes of a photo's rows were saved for good; 0 unless those of all poses were."""
        return KeptFeatures(folder).settled(self.backbone, digest, self.needs)

    def save(self, folder: Path, digest: str, rows: Features) -> None:
        """Save a photo's rows where `lib.projects.finish` looks for them, too."""
        KeptFeatures(folder).put(self.backbone, digest, rows)


class Learners:
    """The learners of a server, each opened once; safe to use from several threads.

    Args:
        store: The models.
        clock: Returns seconds; for tests.
    """

    def __init__(self, store: Store, clock: Callable[[], float] = time.monotonic) -> None:
        self._store, self._clock = store, clock
        self._has_features: dict[str | None, bool] = {}  # by the digest of a model's weights
        self._open: OrderedDict[str, tuple[float, ModelFolder, Backbone]] = OrderedDict()
        self._lock = threading.Lock()

    def __call__(self, settings: Settings) -> TransferLearner:
        """Return the learner for a project's settings.

        Raises:
            ModelError: Its backbone is not here, or cannot be used.
        """
        return TransferLearner(self._backbone(settings.backbone), head_settings(settings))

    def names(self) -> list[tuple[str, str]]:
        """Return id and name of the models that can be learned with; not those that were made so.

        A model whose file has no features is none of them; each file is opened once to find that out.
        """
        ready = [entry for entry in self._store.entries() if entry.state is State.READY and entry.kind != "yours"]
        return [(entry.spec.id, entry.spec.name) for entry in ready if self._can_see(entry)]

    def _can_see(self, entry: Entry) -> bool:
        try:
            folder = entry.folder or self._store.open_folder(entry.spec.id)
            if folder.sha256 not in self._has_features:
                self._has_features[folder.sha256] = _has_features(folder)
        except AppError:  # damaged or gone: the page Models says so
            return False
        return self._has_features[folder.sha256]

    def _backbone(self, model_id: str) -> Backbone:
        with self._lock:
            at_s, folder, backbone = self._open.get(model_id, (-_LOOK_AGAIN_S, None, None))
            if backbone is None or self._clock() - at_s > _LOOK_AGAIN_S:
                now = self._store.open_folder(model_id)
                backbone = backbone if backbone is not None and now == folder else Backbone(now)
                self._open[model_id] = self._clock(), now, backbone
            self._open.move_to_end(model_id)
            while len(self._open) > MOST_OPEN:
                self._open.popitem(last=False)
            return backbone


def _has_features(folder: ModelFolder) -> bool:
    content = folder.read_weights()
    try:
        return bool(lengths(content, folder.spec.weights))
    except ModelFileError:
        return False


def head_settings(settings: Settings) -> HeadSettings:
    """Return what a project's settings say of its head."""
    chosen: Any = settings  # whose values were checked when they were set
    return HeadSettings(chosen.pooling, chosen.look, chosen.mirror, chosen.seed)


def _result(lesson: Lesson[Features], fitted: Fitted) -> Result | None:
    """Return what the head said of photos that it was not shown; None where it is too early to tell."""
    if fitted.accuracy is None:
        return None
    asked = np.flatnonzero(~np.isnan(fitted.out_of_fold[:, 0]))
    said = fitted.out_of_fold[asked]
    return Result(
        By(fitted.by),
        tuple(
            Said(lesson.photos[photo], lesson.classes[best].id, float(row[best]))
            for photo, row, best in zip(asked.tolist(), said, said.argmax(axis=1).tolist(), strict=True)
        ),
    )
