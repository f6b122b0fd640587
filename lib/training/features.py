"""What a finished model makes of a photo before its head: the rows that a head of one's own learns from.

They come out of the very operators that the file with the new head will have (`lib.formats.graft.rows`), 8-bit rounding
included; one inference gives the means of the whole map and of its quarters.
"""

import hashlib
import json
import threading
from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from itertools import product
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from lib.classify.infer import least_side
from lib.classify.interpreters import Interpreters
from lib.classify.litert import converter
from lib.classify.preprocess import resize
from lib.errors import ModelOutputError
from lib.formats.graft import Pooling, lengths, rows
from lib.formats.unbelieved import DAMAGE, first_line
from lib.messages import N_
from lib.model.spec import InputSpec, ModelFolder, ModelSpec
from lib.photos.opening import open_at_each
from lib.work.cores import usable_cores

Look = Literal["whole", "square"]
Row = NDArray[np.float16]
# What each look is in a model's description. The square is ImageNet's own, filter included.
LOOKS: Mapping[Look, tuple[str, str]] = {"whole": ("squash", "bilinear"), "square": ("square", "bicubic")}


class Pose(NamedTuple):
    """How a photo is shown to the model.

    Attributes:
        look: "whole": all of it, squashed into the model's shape; "square": its middle, as `InputSpec.resize` has it.
        is_mirrored: Left and right changed places.
    """

    look: Look = "whole"
    is_mirrored: bool = False


PLAIN = Pose()
_VERSION = 1  # of how rows are made of a photo


class View(NamedTuple):
    """One row of a photo: how it was shown, and what of the last map was pooled."""

    pooling: Pooling
    pose: Pose


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """What a backbone makes of one photo.

    Attributes:
        rows: By view, each of shape (D,), float16, of length 1; D depends on the pooling.
    """

    rows: Mapping[View, Row]

    @property
    def nbytes(self) -> int:
        """Return how many bytes the rows take."""
        return sum(row.nbytes for row in self.rows.values())

    @property
    def poses(self) -> frozenset[Pose]:
        """Return how the photo was shown."""
        return frozenset(view.pose for view in self.rows)

    def joined(self, other: "Features") -> "Features":
        """Return these rows and those of the same photo shown otherwise."""
        return Features({**self.rows, **other.rows})


class Backbone:
    """A model that is ready, without its head. Safe to use from several threads at once; they wait for interpreters.

    Args:
        folder: The model, with weights that were tried.
        workers: How many photos are looked at at once; None for one per core.

    Attributes:
        folder: The model.
        content: Its file.
        lengths: How many numbers a row has, by pooling.
        workers: How many photos are looked at at once.

    Raises:
        ModelFileError: The file is damaged, or has no features.
    """

    def __init__(self, folder: ModelFolder, *, workers: int | None = None) -> None:
        self.folder, self.content = folder, folder.read_weights()
        spec = folder.spec
        self.lengths = lengths(self.content, f"{spec.id}/{spec.weights}")
        self.workers = workers or usable_cores()
        self._runner: _Runner | None = None  # made when the first photo is read: all of them may be known
        self._lock = threading.Lock()

    @cached_property
    def key(self) -> str:
        """Return a digest of what the rows of a photo depend on besides the photo."""
        parts = [_VERSION, hashlib.sha256(self.content).hexdigest(), asdict(self.folder.spec.input)]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]

    def input(self, look: Look) -> InputSpec:
        """Return how a model with this backbone looks at photos."""
        rule, filtering = LOOKS[look]
        return replace(self.folder.spec.input, resize=rule, filter=filtering)

    def side(self, looks: Collection[Look] = (PLAIN.look,)) -> int:
        """Return how many pixels each side of a decoded photo needs, as the finished model asks for."""
        return max(least_side(self.input(look)) for look in looks)

    def read(self, image: Image.Image, poses: Collection[Pose] = (PLAIN,)) -> Features:
        """Return what the backbone makes of a photo, with one inference a pose.

        Args:
            image: Upright, RGB, of any size; see `side`.
            poses: How to show it.

        Raises:
            ModelOutputError: The model stops, or its features are no numbers or all 0: they have no direction.
        """
        found: dict[View, Row] = {}
        for pose in poses:
            pixels = resize(image, self.input(pose.look))
            shown = ImageOps.mirror(pixels) if pose.is_mirrored else pixels
            made = self._run(np.asarray(shown))
            found |= {View(pooling, pose): row for pooling, row in zip(self.lengths, made, strict=True)}
        return Features(found)

    def read_photo(self, data: bytes, name: str, poses: Collection[Pose] = (PLAIN,)) -> Features:
        """Return the same of a photo's file; see `read` and `lib.photos.opening.open_photo`.

        Raises:
            PhotoError: It cannot be looked at.
            ModelOutputError: See `read`.
        """
        sides = {pose: self.side((pose.look,)) for pose in poses}
        decoded, _ = open_at_each(data, name, lambda _: {*sides.values()})
        found = Features({})
        for pose, side in sides.items():
            found = found.joined(self.read(decoded[side], (pose,)))
        return found

    def _run(self, pixels: NDArray[np.uint8]) -> Iterator[Row]:
        with self._lock:
            self._runner = runner = self._runner or _Runner(self.content, self.folder.spec, self.workers)
        for row in runner.run(pixels):
            if not np.isfinite(row).all() or not row.any():
                raise ModelOutputError(
                    N_("{model} has no usable features for this photo."), model=self.folder.spec.id
                )  # fmt: skip
            yield row.astype(np.float16)


class _Runner:
    """The interpreters of a file that ends with the rows of a model."""

    def __init__(self, content: bytes, spec: ModelSpec, workers: int) -> None:
        self._model = spec.id
        shortened = rows(content, spec.input.size_wh, f"{spec.id}/{spec.weights}")
        self._interpreters = Interpreters(shortened, spec, workers=workers)
        with self._interpreters.one() as first:
            (entry,) = first.get_input_details()
            self._leaves = [details["index"] for details in first.get_output_details()]
        self._entry, self._to_tensor = entry["index"], converter(entry, spec.input)

    def run(self, pixels: NDArray[np.uint8]) -> list[NDArray[np.float32]]:
        """Return the rows of a photo in the model's size, shape (H, W, 3)."""
        with self._interpreters.one() as interpreter:
            try:
                interpreter.set_tensor(self._entry, self._to_tensor(pixels)[np.newaxis])
                interpreter.invoke()
            except DAMAGE as error:
                text = N_("{model} stopped with an error: {reason}.")
                raise ModelOutputError(text, model=self._model, reason=first_line(error)) from error
            return [interpreter.get_tensor(leave)[0] for leave in self._leaves]


def poses_of(looks: Collection[Look], *, mirrored: bool) -> tuple[Pose, ...]:
    """Return every look, as it is and, where asked for, mirrored."""
    return tuple(Pose(look, flip) for look, flip in product(looks, (False, True) if mirrored else (False,)))
