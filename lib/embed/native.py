"""Code that is no web page: Python scripts, and classes for Android and iOS."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from lib.catalogue import keras_files
from lib.catalogue.store import SHIPPED, Store
from lib.classify.infer import least_side
from lib.classify.outputs import sum_slack
from lib.classify.preprocess import Quantiser
from lib.embed import mobilenets, words
from lib.embed.escaping import render
from lib.embed.familiar import scoring
from lib.embed.groups import group_spans
from lib.embed.mobilenets import TfjsMobilenet
from lib.embed.options import KERAS_FILE, MODEL_FILE, Options, Target
from lib.errors import ModelError, UsageError
from lib.face.names import short_names
from lib.formats.edit import pin
from lib.formats.tables import Ends, Tensor, read_ends
from lib.i18n import Translator
from lib.messages import N_
from lib.model.spec import InputSpec, ModelFolder, OutputSpec
from lib.verdict import DIGITS, FLOOR_GROUPS, MOST_DIGITS
from lib.work.files import data_folder

_LIMITS = {"float32": (0, 0), "uint8": (0, 255), "int8": (-128, 127)}
# Keras's own tensors, whatever a LiteRT file made from the model holds.
_REAL = Ends(Tensor("float32", 0.0, 0), Tensor("float32", 0.0, 0))
_SHOWN = {"none": ":", "first": "1:", "last": ":-1"}  # `OutputSpec.shown` in Python
_PYTHON, _PROGRAM = "python/classify.py.jinja", "classify.py"
_IMAGENET = SHIPPED / "imagenet-synonyms.txt"


@dataclass(frozen=True, slots=True)
class Application:
    """A model that Keras brings.

    Attributes:
        name: In `keras.applications`.
        arguments: Beside the weights and the input's shape.
    """

    name: str
    arguments: Mapping[str, Any]


def files(options: Options) -> dict[str, str]:
    """Return the files of a target that is no web page.

    Raises:
        UsageError: There is no such code for this model.
        ModelFileError: The model's file cannot be read, or has other inputs or outputs than code can serve.
    """
    match options.target:
        case Target.PYTHON_KERAS:
            return {_PROGRAM: _python_keras(options)}
        case Target.PYTHON_LITERT:
            return {_PROGRAM: python_litert(options)}
        case Target.ANDROID:
            return _app("android/Discern.kt", options)
        case _:
            return _app("ios/Discern.swift", options)


def weights_file(folder: ModelFolder) -> bytes:
    """Return the model's file as the code expects it: its own, no dimension left open; with a score if it can tell.

    Raises:
        ModelFileError: It cannot be read.
    """
    return scoring(folder, pin(folder.read_weights(), folder.spec.input.size_wh, folder.spec.weights))


def keras_source(model: ModelFolder | TfjsMobilenet) -> Path | Application | None:
    """Return where Keras gets a model from: its file, or Keras itself; None if there is no such model of Keras."""
    if isinstance(model, TfjsMobilenet):
        return Application("MobileNet" if model.version == 1 else "MobileNetV2", {"alpha": model.alpha})
    source = model.spec.source
    name, arguments = source.get("application"), source.get("arguments", {})
    if isinstance(name, str) and name.isidentifier() and all(str(key).isidentifier() for key in arguments):
        return Application(name, arguments)
    return keras_files.find(model, data_folder())


def python_litert(options: Options, program: str = _PROGRAM) -> str:
    """Return a Python program for LiteRT, which says of itself that it is the file `program`.

    Raises:
        ModelFileError: See `files`.
    """
    facts = {"program": program, "labels": _labels(options), **_facts(options)}
    return render(_PYTHON, engine="litert", file=MODEL_FILE, **facts)


def _python_keras(options: Options) -> str:
    found = keras_source(options.model)
    if found is None:
        raise UsageError(_no_keras_file(options.model), model=options.model_id, other=Target.PYTHON_LITERT)
    if isinstance(found, Path):
        origin: dict[str, Any] = {"file": KERAS_FILE, "application": "", "arguments": []}
    else:
        origin = {"file": "", "application": found.name, "arguments": list(found.arguments.items())}
    facts = {"program": _PROGRAM, "labels": _labels(options), **_facts(options, _REAL)}
    return render(_PYTHON, engine="keras", **origin, **facts)


def _no_keras_file(model: ModelFolder | TfjsMobilenet) -> str:
    """Return what to say of a model without one: that it can be made, or that it cannot."""
    try:
        if isinstance(model, ModelFolder):
            keras_files.origin_of(model, Store())
            return N_(
                "There is no Keras file of {model} yet. Make one in Train, under “Take it away”, or with python -m lib "
                "export {model} --format keras --out FILE, or choose {other}."
            )
    except ModelError:
        pass
    return N_("{model} has no Keras model, only a LiteRT file. Choose {other}.")


def _app(template: str, options: Options) -> dict[str, str]:
    """Return a class for an app, and the labels: as many as there may be are no longer a program's text."""
    code = render(template, file=MODEL_FILE, **_facts(options))
    return {Path(template).name: code, "labels.txt": "".join(f"{label}\n" for label in _labels(options))}


def _labels(options: Options) -> list[str]:
    if isinstance(options.model, ModelFolder):
        return list(short_names(options.model.read_labels(options.language)))
    return [line.partition(" ")[2] for line in _IMAGENET.read_text(encoding="utf-8").splitlines()]


def _specs(options: Options) -> tuple[InputSpec, OutputSpec]:
    if isinstance(options.model, ModelFolder):
        return options.model.spec.input, options.model.spec.output
    return replace(mobilenets.INPUT, range=(-1.0, 1.0)), OutputSpec(mobilenets.CLASSES)


def _facts(options: Options, ends: Ends | None = None) -> dict[str, Any]:
    """Return what all the templates put in, but the labels and where the model is."""
    spec, output = _specs(options)
    if ends is None:
        assert isinstance(options.model, ModelFolder)  # Options refuses all else
        ends = read_ends(options.model)
    groups, novelty, say = group_spans(options), options.novelty, Translator(options.language)
    unfamiliar = words.unfamiliar(novelty, say)
    (width, height), (low, high) = spec.size_wh, spec.range
    least, most = _LIMITS[ends.input.dtype]
    return {
        "width": width, "height": height, "resize": spec.resize, "filter": spec.filter, "least_side": least_side(spec),
        "low": low, "high": high, "slope": (high - low) / 255, "mean": spec.mean, "std": spec.std,
        "dtype": ends.input.dtype, "input_scale": ends.input.scale, "input_zero": ends.input.zero_point,
        "is_plain": takes_bytes(ends.input, spec), "least": least, "most": most,
        "output_type": ends.output.dtype, "output_scale": ends.output.scale, "output_zero": ends.output.zero_point,
        "classes": output.classes, "activation": output.activation, "background": output.background,
        "slack": sum_slack(output, ends.output.scale, shows_its_input=ends.shows_its_input),
        "top": options.top, "ratio": options.thresholds.ratio, "floor": options.thresholds.floor_for(output.classes),
        "groups": groups, "group_floor": FLOOR_GROUPS, "said": (*words.VERDICTS, *unfamiliar),
        "familiar": novelty and novelty.threshold, "digits": novelty and DIGITS[novelty.method],
        "hint": novelty is not None and novelty.hint,
        "most_digits": MOST_DIGITS, "shown": _SHOWN[output.background],
        "sentences": {
            **words.translate({**words.VERDICTS, **(words.GROUPS if groups else {}), **words.FAULTS}, say), **unfamiliar
        },
    }  # fmt: skip


def takes_bytes(tensor: Tensor, spec: InputSpec) -> bool:
    """Whether an input takes the bytes of a photo as they are; see `lib.classify.preprocess.Quantiser`."""
    if tensor.dtype == "float32":
        return False
    every_byte = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1)
    dtype = np.dtype(tensor.dtype).type
    found = Quantiser(spec, dtype, tensor.scale, tensor.zero_point)(every_byte)
    return bool(np.array_equal(found.astype(np.int32) - np.iinfo(dtype).min, every_byte))
