"""What code is asked for."""

import re
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

from lib.classify.infer import TOP
from lib.embed.mobilenets import MOBILENETS, TfjsMobilenet, matching
from lib.errors import UsageError
from lib.i18n import DEFAULT, LANGUAGES
from lib.messages import N_, Listed
from lib.model.spec import ModelFolder, Novelty
from lib.verdict import Thresholds


class Target(StrEnum):
    """What the code is for."""

    SCRIPT = "script"
    MODULE = "module"
    NPM = "npm"
    VUE = "vue"
    REACT = "react"
    SVELTE = "svelte"
    PYTHON_LITERT = "python-litert"
    PYTHON_KERAS = "python-keras"
    ANDROID = "android"
    IOS = "ios"


class Engine(StrEnum):
    """What runs the model in a browser."""

    LITERT = "litert"
    TFJS = "tfjs"


class Input(StrEnum):
    """Where a web page takes photos from."""

    FILE = "file"
    CAMERA = "camera"
    IMG = "img"


class Weights(StrEnum):
    """Where a web page takes the model from.

    DEFAULT: for TF.js the package's own host; else the model's file beside the page. ADDRESS: one's own server.
    BUNDLE: like the scripts, from the folder of the page, so that it works without internet.
    """

    DEFAULT = "default"
    ADDRESS = "address"
    BUNDLE = "bundle"


WEB = (Target.SCRIPT, Target.MODULE, Target.NPM, Target.VUE, Target.REACT, Target.SVELTE)
PAGES = (Target.SCRIPT, Target.MODULE)  # one file, which a browser takes as it is
TFJS_FILE = "model.json"
# What the model's own file is called beside the code, whatever it is called here: a name of ours takes no place of
# another file's.
MODEL_FILE = "model.tflite"
KERAS_FILE = "model.keras"
LIBRARY = "discern.js"  # all the code, whatever the model
DESCRIPTION = "model.json"  # what belongs to one model
_SCHEMES = ("", "http", "https")
_UNSAFE = re.compile(r"[\x00-\x20\x7f\\<>\"'`^{|}]")


@dataclass(frozen=True, slots=True)
class Options:
    """What code is asked for.

    Attributes:
        model: A model of the app, run by LiteRT; or one that TF.js brings.
        target: What the code is for.
        language: Of the sentences in the code, one of `lib.i18n.LANGUAGES`.
        top: How many classes are listed, at least 1.
        thresholds: The two numbers of the verdict rule.
        input: Where a web page takes photos from.
        weights: Where a web page takes the model from.
        address: With Weights.ADDRESS: of the model's file, or of the folder it is in, ending in "/"; http, https or
            relative to the page.
        complete: All in one file, without discern.js and model.json beside it.

    Raises:
        UsageError: A value cannot be, or these do not go together.
    """

    model: ModelFolder | TfjsMobilenet
    target: Target
    language: str = DEFAULT
    top: int = TOP
    thresholds: Thresholds = Thresholds()
    input: Input = Input.FILE
    weights: Weights = Weights.DEFAULT
    address: str = ""
    complete: bool = False

    def __post_init__(self) -> None:
        if self.language not in LANGUAGES:
            raise UsageError(
                N_("There is no language “{language}”. Available: {languages}."),
                language=self.language,
                languages=Listed(tuple(LANGUAGES)),
            )
        if self.top < 1:
            raise UsageError(N_("The number of classes to show must be at least 1, not {value}."), value=self.top)
        self._check_target()
        self._check_address()

    def _check_target(self) -> None:
        if self.engine is Engine.TFJS and self.target not in (*WEB, Target.PYTHON_KERAS):
            raise UsageError(
                N_("{model} is a model for TF.js in browsers. For {target}, choose one of the app's own models."),
                model=self.model_id,
                target=self.target,
            )
        if self.target not in WEB and (self.weights, self.input) != (Weights.DEFAULT, Input.FILE):
            raise UsageError(
                N_(
                    "You can choose where the model and the photos come from only for web pages. {target} is "
                    "not a web page."
                ),
                target=self.target,
            )
        if self.weights is Weights.BUNDLE and self.target not in PAGES:
            raise UsageError(
                N_("The offline bundle is only for {targets}. What Vite builds for {target} needs no internet anyway."),
                targets=Listed(tuple(PAGES)),
                target=self.target,
            )

    def _check_address(self) -> None:
        if (self.weights is Weights.ADDRESS) != bool(self.address):
            raise UsageError(N_("Give an address if the weights are “address”, and only then."))
        if not self.address:
            return
        try:
            parts = urlsplit(self.address)
            valid = parts.scheme in _SCHEMES and bool(parts.netloc) == bool(parts.scheme)
        except ValueError:
            valid = False
        if not valid or _UNSAFE.search(self.address):
            raise UsageError(
                N_(
                    "“{address}” is neither an address that begins with https:// or http://, nor one relative "
                    "to the page."
                ),
                address=self.address,
            )
        if self.engine is Engine.TFJS and not (parts.path.endswith((f"/{TFJS_FILE}", "/")) or parts.path == TFJS_FILE):
            raise UsageError(
                N_("The address of a TF.js model must end in {file}, but “{address}” does not."),
                file=TFJS_FILE,
                address=self.address,
            )

    @property
    def engine(self) -> Engine:
        """Return what runs the model in a browser."""
        return Engine.TFJS if isinstance(self.model, TfjsMobilenet) else Engine.LITERT

    @property
    def model_id(self) -> str:
        """Return the model's id."""
        return self.model.id if isinstance(self.model, TfjsMobilenet) else self.model.spec.id

    @property
    def novelty(self) -> Novelty | None:
        """Return how the code tells that a photo is unfamiliar; None where it cannot.

        A Keras file of ours gives its votes, as softmax is a layer of its own, but no features to compare with means.
        """
        if isinstance(self.model, TfjsMobilenet):
            return self.model.novelty if self.target in WEB else None
        if self.model.spec.novelty is None:
            return None
        novelty, source = self.model.spec.novelty, self.model.spec.source
        is_hidden = novelty.method != "max-logit" or "application" in source
        return None if self.target is Target.PYTHON_KERAS and is_hidden else novelty

    @property
    def model_address(self) -> str:
        """Return where a web page finds the model."""
        file = TFJS_FILE if self.engine is Engine.TFJS else MODEL_FILE
        if self.weights is Weights.ADDRESS:
            return self.address + file if self.address.endswith("/") else self.address
        if isinstance(self.model, TfjsMobilenet):
            return f"model/{file}" if self.weights is Weights.BUNDLE else self.model.address
        return file


def tfjs_model(model_id: str) -> TfjsMobilenet:
    """Return the TF.js MobileNet called `model_id`, or that of the same version and width as this model of the app.

    Raises:
        UsageError: There is none.
    """
    found = matching(model_id)
    if found is None:
        raise UsageError(
            N_("TF.js has no model like {model}. It has {models}. LiteRT.js can run the app's own file."),
            model=model_id,
            models=Listed(tuple(MOBILENETS)),
        )
    return found
