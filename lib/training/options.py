"""What to train, on what and for how long."""

import contextlib
import json
from dataclasses import asdict, dataclass, fields, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from lib.errors import UsageError
from lib.messages import N_, Listed

ARCHITECTURES = ("starter", "xception", "small", "keras-example")
TUNED = "efficientnet-lite0"  # the one net whose weights are here to go on from
RECIPES = ("scratch", "fine-tune")
SIZES = range(16, 225, 8)
DEFAULT_SIZE = {"starter": 128, "xception": 96, "small": 64, "keras-example": 180, TUNED: 224}
DEFAULT_EPOCHS = 30
_RANGES: dict[str, tuple[float, float]] = {
    "epochs": (1, 10_000), "minutes": (0.01, 10_000), "batch": (2, 1024), "views": (1, 64), "seed": (0, 2**31 - 1),
    "smoothing": (0.0, 0.99), "ema": (0.0, 0.99999), "validation": (0.01, 0.9),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Manner:
    """How a net learns, as far as its options leave it open.

    Attributes:
        batch: Photos a step.
        views: Crops prepared of each photo; 1: the whole photo alone.
        learning_rate: The highest.
        falls: Whether the rate warms up and then falls along a cosine; else it stays.
        weight_decay: Of convolution and dense kernels, decoupled (AdamW).
        smoothing: Label smoothing, 0 to below 1.
        ema: Decay of the weight average; 0 keeps the last weights.
        progressive: Small photos first, then larger, then the full size.
        variation: What augmentation does besides cropping; see `lib.training.augment.variation`.
        epochs: Where neither epochs nor minutes are given.
    """

    batch: int = 64
    views: int = 6
    learning_rate: float = 3e-3
    falls: bool = True
    weight_decay: float = 0.05
    smoothing: float = 0.1
    ema: float = 0.998
    progressive: bool = True
    variation: str = "colours"
    epochs: int = DEFAULT_EPOCHS


MANNERS = {
    # As the Keras example trains it, but for 32 photos a step instead of 128: those take 4.2 GB already.
    "keras-example": Manner(
        batch=32, views=1, learning_rate=3e-4, falls=False, weight_decay=0.0, smoothing=0.0, ema=0.0,
        progressive=False, variation="turn", epochs=25,
    ),
    # Small steps from weights that are good already.
    TUNED: Manner(
        batch=32, views=4, learning_rate=1e-4, weight_decay=0.0, smoothing=0.0, ema=0.0, progressive=False, epochs=8
    ),
}  # fmt: skip
# The last as `lib.formats.efficientnet_lite.BOUNDS` has it, which brings NumPy along.
_INPUT_RANGES = {"keras-example": (0.0, 255.0), TUNED: (-127 / 128, 1.0)}
# What a model is called and where it goes does not change its weights.
_NOT_OF_THE_RUN = frozenset({"destination", "work", "name", "family", "licence", "description"})


@dataclass(frozen=True, slots=True)
class TrainOptions:
    """Everything a training run depends on; two runs with equal options give the same kind of model.

    Attributes:
        folder: FOLDER/CLASS/photo, or FOLDER/train/CLASS/photo and FOLDER/val/CLASS/photo; or a zip of such.
        recipe: "scratch": every weight starts at random. "fine-tune": from the published weights of the architecture
            `TUNED`, whose last blocks learn on.
        architecture: See `lib.training.architectures`.
        name: Shown to people; the id is made from it.
        epochs: Passes over the training photos; None: the manner's, or as many as fit into `minutes`.
        minutes: Wall-clock budget of the fitting itself, in place of `epochs`; the schedules follow the clock.
        size: Side of the model's input in pixels, a multiple of 8 or the architecture's own; None: its own.
        extra: More folders of labelled photos, for training only.
        teacher: None, "mobilenet-v2" (Keras's cached ImageNet weights), or the path of a weights file of
            Keras MobileNetV2 1.0 without its top.
        seed: For the split, the crops, the first weights and the order of the photos. CPU kernels add in varying
            order, so a second run agrees closely, not bit by bit.
        validation: Share held out where the folder has no val/.
        batch: This and the next six: see `Manner`; None: the architecture's own. Fewer views are made where they
            would not fit into `VIEWS_LIMIT` bytes.
        views: See `batch`.
        learning_rate: See `batch`.
        weight_decay: See `batch`.
        smoothing: See `batch`.
        ema: See `batch`.
        progressive: See `batch`.
        augment: Crop, flip and vary the colours; without it each photo is seen as it is.
        family: For the model's description: "Yours" for a user's.
        licence: Of the weights.
        description: One sentence; "" for a plain one.
        photos: What tells these photos from others; None: the names, sizes and times of change of the files.
        destination: Model folder to write, see `lib.training.package.folder_for`; None: a new one in the data folder.
        work: Folder for checkpoints and prepared crops, which stay for other runs on the same photos; None: one in
            the data folder, removed when the run is finished.
    """

    folder: Path
    recipe: str = "scratch"
    architecture: str = "starter"
    name: str = ""
    epochs: int | None = None
    minutes: float | None = None
    size: int | None = None
    extra: tuple[Path, ...] = ()
    teacher: str | None = None
    seed: int = 0
    validation: float = 0.15
    batch: int | None = None
    views: int | None = None
    learning_rate: float | None = None
    weight_decay: float | None = None
    smoothing: float | None = None
    ema: float | None = None
    progressive: bool | None = None
    augment: bool = True
    family: str = "Yours"
    licence: str = "Yours: trained on your own photos"
    description: str = ""
    photos: str | None = None
    destination: Path | None = None
    work: Path | None = None

    def __post_init__(self) -> None:
        """Refuse settings that cannot work.

        Raises:
            UsageError: Names the setting, what was expected and what came.
        """
        nets = (TUNED,) if self.recipe == "fine-tune" else ARCHITECTURES
        for setting, known in (("recipe", RECIPES), ("architecture", nets)):
            if (value := getattr(self, setting)) not in known:
                raise UsageError(
                    N_("{setting} must be one of {known}. Received {value}."),
                    setting=setting, known=Listed(tuple(known)), value=value,
                )  # fmt: skip
        for setting in _RANGES:
            if (value := getattr(self, setting)) is not None:
                require_in_range(setting, value)
        if self.size not in (None, DEFAULT_SIZE[self.architecture], *SIZES):
            raise UsageError(
                N_("The input size must be a multiple of 8 from {least} to {most}. Received {size}."),
                least=SIZES[0], most=SIZES[-1], size=self.size,
            )  # fmt: skip

    @property
    def input_size(self) -> int:
        """Side of the model's input in pixels."""
        return self.size or DEFAULT_SIZE[self.architecture]

    @property
    def manner(self) -> Manner:
        """How this run learns: the architecture's own manner, but for what the options say."""
        own = MANNERS.get(self.architecture, Manner())
        given = {field.name: getattr(self, field.name, None) for field in fields(own)}
        return replace(own, **{name: value for name, value in given.items() if value is not None})

    @property
    def input_range(self) -> tuple[float, float]:
        """What the bytes 0 and 255 become at the net's input; the Keras example scales them inside the net."""
        return _INPUT_RANGES.get(self.architecture, (-1.0, 1.0))

    def units(self, classes: int) -> int:
        """Return the outputs of the net: the Keras example tells two classes apart with one."""
        return 1 if classes == 2 and self.architecture == "keras-example" else classes

    def to_json(self) -> str:
        """Return the options as JSON; `from_json` reads it back."""
        return json.dumps(asdict(self), default=str, sort_keys=True)

    def recipe_settings(self) -> dict[str, Any]:
        """Return what a reader needs to repeat the run, without this machine's paths."""
        every = {**asdict(self), **asdict(self.manner)} | {"epochs": None if self.minutes else self.manner.epochs}
        settings = {key: value for key, value in every.items() if key not in _NOT_OF_THE_RUN}
        settings["folder"] = self.folder.resolve().name
        settings["extra"] = ["/".join(folder.resolve().parts[-2:]) for folder in self.extra]
        settings["teacher"] = self.teacher and Path(self.teacher).name
        settings["size"] = self.input_size
        return settings

    def run_key(self) -> str:
        """Return a name for the run, equal for equal options and unchanged photos wherever the results are to go."""
        relevant = {k: v for k, v in asdict(self).items() if k not in _NOT_OF_THE_RUN}
        relevant["folder"] = self.folder.resolve()
        relevant["photos"] = self.photos or [_listing(folder) for folder in (self.folder, *self.extra)]
        return sha256(json.dumps(relevant, default=str, sort_keys=True).encode()).hexdigest()[:16]

    @classmethod
    def from_json(cls, text: str) -> "TrainOptions":
        """Return the options that `to_json` wrote; unknown entries are an error."""
        values = json.loads(text)
        if unknown := set(values) - {field.name for field in fields(cls)}:
            raise UsageError(N_("Unknown training setting: {name}."), name=Listed(tuple(sorted(unknown))))
        for name in ("folder", "destination", "work"):
            values[name] = None if values.get(name) is None else Path(values[name])
        values["extra"] = tuple(Path(path) for path in values.get("extra", ()))
        return cls(**values)


def require_in_range(setting: str, value: float) -> None:
    """Raise UsageError if a setting is out of its range."""
    least, most = _RANGES[setting]
    if not least <= value <= most:
        text = N_("{setting} must be between {least} and {most}. Received {value}.")
        raise UsageError(text, setting=setting, least=least, most=most, value=value)


def _listing(folder: Path) -> str:
    """Return a digest of what files a folder holds, or of a zip: paths, sizes and times of change; none is read."""
    digest = sha256()
    for path in (folder, *sorted(folder.rglob("*"))):
        with contextlib.suppress(OSError):  # a link that leads nowhere
            status = path.stat()
            if path.is_file():
                digest.update(f"{path.relative_to(folder)}|{status.st_size}|{status.st_mtime_ns}\n".encode())
    return digest.hexdigest()
