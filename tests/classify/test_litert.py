"""Real LiteRT models whose answers can be worked out by hand: see tests/models/make_models.py."""

import math
import shutil
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from lib.classify import interpreters
from lib.classify.classifier import Classifier
from lib.classify.litert import LiteRTClassifier
from lib.classify.opening import open_classifier
from lib.errors import ModelFileError, ModelOutputError
from lib.formats.edit import pin
from lib.formats.graft import Pooling, graft
from lib.formats.tables import read_ends
from lib.model import writing
from lib.model.spec import MEANS, ModelFolder, Novelty, OutputSpec, load
from tests.support.pictures import plain
from tests.support.user_models import edit, put, put_chain

MODELS = Path(__file__).resolve().parents[1] / "models"
ORANGE = (204, 102, 0)  # 0.8, 0.4, 0.0 of full: as probabilities 2/3, 1/3, 0

TinyModel = Callable[[str], ModelFolder]


def answer(classifier: Classifier, image: Image.Image) -> list[float]:
    found = classifier.run(classifier.prepare(image))
    assert found.probabilities.sum() == pytest.approx(1.0, abs=1e-12)
    assert 0 < found.milliseconds < 10_000
    return list(found.probabilities)


# 8-bit answers come in steps of 1/255 (1/64 for the coarse ones) before they are divided by their sum, about 1.2.
@pytest.mark.parametrize(
    ("name", "within"),
    [
        ("float32", 1e-6),
        ("float16", 1e-3),
        ("dynamic", 1e-2),
        ("uint8", 4e-3),
        ("int8", 4e-3),
        ("uint8-coarse", 2e-2),
        ("int8-coarse", 2e-2),
        ("background-first", 1e-6),
        ("background-last", 1e-6),
    ],
)
def test_every_kind_of_number_gives_the_same_answer(tiny_model: TinyModel, name: str, within: float) -> None:
    classifier = open_classifier(tiny_model(name))
    assert classifier.labels == ("red", "green", "blue")
    assert answer(classifier, plain(ORANGE)) == pytest.approx([2 / 3, 1 / 3, 0], abs=within)


def test_logits(tiny_model: TinyModel) -> None:
    powers = [math.exp(4 * share) for share in (0.8, 0.4, 0.0)]  # the model answers with 4 · mean
    expected = [power / sum(powers) for power in powers]
    assert answer(open_classifier(tiny_model("logits")), plain(ORANGE)) == pytest.approx(expected, abs=1e-6)


def test_two_logits(tiny_model: TinyModel) -> None:
    expected = 1 / (1 + math.exp(0.4 - 0.8))
    assert answer(open_classifier(tiny_model("logits-two")), plain(ORANGE))[0] == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("name", ["sigmoid", "logit-one"])
def test_one_unit_tells_two_classes_apart(tiny_model: TinyModel, name: str) -> None:
    classifier = open_classifier(tiny_model(name))
    red = 1 / (1 + math.exp(-0.8))  # sigmoid(red - blue), the probability of the second class
    assert classifier.labels == ("blue", "red")
    assert answer(classifier, plain(ORANGE)) == pytest.approx([1 - red, red], abs=1e-6)


def test_width_and_height_are_not_mistaken_for_each_other(tiny_model: TinyModel) -> None:
    # The model answers with the brightness of the left, middle and right third of the upper half.
    image = plain((0, 0, 0), 60, 40)
    image.paste((255, 255, 255), (20, 0, 40, 20))
    image.paste((51, 51, 51), (40, 0, 60, 20))
    image.paste((255, 255, 255), (0, 20, 20, 40))  # below, and so without weight
    found = answer(open_classifier(tiny_model("thirds")), image.resize((6, 4), Image.Resampling.BOX))
    assert found == pytest.approx([0, 1 / 1.2, 0.2 / 1.2], abs=1e-6)


@pytest.mark.parametrize(
    ("name", "sentence"), [("nan", "infinite or invalid"), ("negative", "negative probability"), ("zero", "only zeros")]
)
def test_an_answer_that_is_none_is_refused(tiny_model: TinyModel, name: str, sentence: str) -> None:
    classifier = open_classifier(tiny_model(name))
    with pytest.raises(ModelOutputError, match=sentence):
        answer(classifier, plain(ORANGE))


def test_a_probe_shows_the_shares_of_what_it_was_given(tmp_path: Path) -> None:
    found = answer(open_classifier(load(put_chain(tmp_path, "probe", "RESHAPE"))), plain(ORANGE))
    assert found == pytest.approx([2 / 3 / 24, 1 / 3 / 24, 0] * 24, abs=1e-6)


@pytest.mark.parametrize(("threshold", "expected"), [(0.79, False), (0.81, True)])
def test_a_weak_strongest_vote_is_unfamiliar_and_changes_no_answer(
    tmp_path: Path, threshold: float, expected: bool
) -> None:
    plain_folder = load(put_chain(tmp_path, "chain", "RESHAPE", "SOFTMAX"))
    novelty = Novelty("max-logit", threshold, 0.95, "by hand")
    one = open_classifier(plain_folder)
    other = open_classifier(replace(plain_folder, spec=replace(plain_folder.spec, novelty=novelty)))
    tensor = one.prepare(plain(ORANGE))  # its largest number is 0.8
    assert one.run(tensor).familiarity is None
    found = other.run(tensor).familiarity
    assert found is not None
    assert (found.method, found.threshold, found.is_unfamiliar) == ("max-logit", threshold, expected)
    assert found.score == pytest.approx(0.8, abs=0.004)
    assert np.array_equal(one.run(tensor).probabilities, other.run(tensor).probabilities)


def test_a_threshold_needs_logits(tiny_model: TinyModel) -> None:
    folder = tiny_model("float32")
    spec = replace(folder.spec, novelty=Novelty("max-logit", 1.0, 0.95, "by hand"))
    with pytest.raises(ModelFileError, match=r"float32/model\.tflite contains no readable logits"):
        open_classifier(replace(folder, spec=spec))


def graft_head(folder: ModelFolder, target: Path, means: np.ndarray, threshold: float) -> ModelFolder:
    """Put a head of two classes on the mean colour, and means of the classes beside it."""
    size_wh = folder.spec.input.size_wh
    content = graft(folder.read_weights(), np.eye(2, 3), np.zeros(2), Pooling.WHOLE, size_wh, "x")
    target.joinpath("model.tflite").write_bytes(content)
    target.joinpath("labels.txt").write_text("red\ngreen\n", encoding="utf-8")
    np.save(target / MEANS, means)
    novelty = Novelty("class-mean", threshold, 0.95, "by hand")
    writing.write(target, replace(folder.spec, output=OutputSpec(2), novelty=novelty, source={}, published=None))
    return load(target)


# The cosine of (1, 0.5, 0), ORANGE, to (1, 0, 0) is 2 / √5 = 0.894.
@pytest.mark.parametrize(("threshold", "expected"), [(0.89, False), (0.90, True)])
def test_a_photo_far_from_all_class_means_is_unfamiliar(
    tiny_model: TinyModel, tmp_path: Path, threshold: float, expected: bool
) -> None:
    means = np.array([[3, 0, 0], [0, 0, 2]], np.float16)  # of any length
    found = open_classifier(graft_head(tiny_model("float32"), tmp_path, means, threshold))
    told = found.run(found.prepare(plain(ORANGE))).familiarity
    assert told is not None
    assert (told.method, told.threshold, told.is_unfamiliar) == ("class-mean", threshold, expected)
    assert told.score == pytest.approx(2 / 5**0.5, abs=0.002)


@pytest.mark.parametrize(
    "means",
    [np.ones((3, 3)), np.ones(2), np.full((2, 3), np.nan), np.ones((2, 4)), None],
    ids=["a row too many", "no rows", "no numbers", "other features", "damaged"],
)
def test_class_means_that_are_none_are_refused(tiny_model: TinyModel, tmp_path: Path, means: np.ndarray | None) -> None:
    folder = graft_head(tiny_model("float32"), tmp_path, np.ones((2, 3)) if means is None else means, 0.5)
    if means is None:
        (tmp_path / MEANS).write_bytes(b"\x93NUMPY and no more")
    with pytest.raises(ModelFileError, match=r"means\.npy"):
        open_classifier(folder)


def test_independent_sigmoids_are_no_softmax(tmp_path: Path) -> None:
    classifier = open_classifier(load(put_chain(tmp_path, "sigmoids", "RESHAPE", "LOGISTIC")))
    with pytest.raises(ModelOutputError, match="do not add up to 1"):
        answer(classifier, plain(ORANGE))


def test_raw_scores_are_no_softmax(tiny_model: TinyModel) -> None:
    model = tiny_model("logits")
    said = replace(model.spec, output=replace(model.spec.output, activation="softmax"))
    with pytest.raises(ModelOutputError, match="do not add up to 1"):
        answer(open_classifier(replace(model, spec=said)), plain(ORANGE))


def test_a_refused_answer_costs_no_interpreter(tiny_model: TinyModel) -> None:
    classifier = open_classifier(tiny_model("nan"), workers=1)
    for _ in range(3):
        with pytest.raises(ModelOutputError):
            answer(classifier, plain(ORANGE))


@pytest.mark.parametrize("name", ["float32", "uint8"])
def test_the_tensor_has_the_models_shape_and_type(tiny_model: TinyModel, name: str) -> None:
    tensor = open_classifier(tiny_model(name)).prepare(plain(ORANGE, 50, 70))
    assert tensor.shape == (1, 4, 6, 3)
    assert tensor.dtype == np.dtype(name)


def test_preparing_leaves_the_picture_unchanged(colours: Classifier) -> None:
    image = plain(ORANGE)
    before = image.tobytes()
    colours.prepare(image)
    assert image.tobytes() == before


def test_a_tensor_of_the_wrong_shape_fails_as_a_model_error(colours: Classifier) -> None:
    with pytest.raises(ModelOutputError, match="float32 stopped with an error: "):
        colours.run(np.zeros((1, 5, 5, 3), np.float32))


# Threads ----------------------------------------------------------------------------------------------------------


def test_eight_threads_share_two_interpreters_and_get_their_own_answers(tiny_model: TinyModel) -> None:
    classifier = open_classifier(tiny_model("float32"), workers=2)
    together = threading.Barrier(8)

    def ask(thread: int) -> bool:
        together.wait()
        red, green = 20 * (thread + 1), 255 - 20 * thread
        tensor = classifier.prepare(plain((red, green, 0)))
        expected = [red / (red + green), green / (red + green), 0]
        return all(classifier.run(tensor).probabilities == pytest.approx(expected, abs=1e-6) for _ in range(200))

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(ask, range(8)))


def test_interpreters_are_made_as_needed_and_no_more_than_allowed(tiny_model: TinyModel) -> None:
    classifier = LiteRTClassifier(tiny_model("float32"), workers=2)
    tensor = classifier.prepare(plain(ORANGE))
    classifier.run(tensor)
    assert classifier._interpreters._made == 1  # one after the other, one is enough
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda _: classifier.run(tensor), range(300)))
    assert classifier._interpreters._made <= 2


def test_one_core_one_worker_unless_told(tiny_model: TinyModel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interpreters, "usable_cores", lambda: 3)
    assert open_classifier(tiny_model("float32")).workers == 3
    assert open_classifier(tiny_model("float32"), workers=1).workers == 1


# Contradictions and damage ----------------------------------------------------------------------------------------


@pytest.fixture
def edited(tmp_path: Path) -> Callable[..., ModelFolder]:
    """Copy a tiny model, replace texts in its model.toml, and load it."""

    def copy(name: str, *changes: tuple[str, str], labels: str | None = None) -> ModelFolder:
        folder = tmp_path / "model"
        shutil.copytree(MODELS / name, folder)
        card = folder / "model.toml"
        text = card.read_text(encoding="utf-8")
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        card.write_text(text, encoding="utf-8")
        if labels is not None:
            (folder / "labels.txt").write_text("\n".join(labels.split()), encoding="utf-8")
        return load(folder)

    return copy


FOUR = ("classes = 3", "classes = 4")
THREE = ("classes = 2", "classes = 3")


@pytest.mark.parametrize(
    ("name", "changes", "labels", "sentence"),
    [
        ("float32", [("[6, 4]", "[4, 6]")], None, r"input .* \(1, 4, 6, 3\), but its description says \(1, 6, 4, 3\)"),
        ("float32", [FOUR], "a b c d", r"output .* \(1, 3\), but its description says \(1, 4\)"),
        ("float32", [FOUR], None, r"labels\.txt has 3 labels, but float32 has 4 outputs"),
        (
            "background-first",
            [('"first"', '"none"')],
            "a b c",
            r"output .* \(1, 4\), but its description says \(1, 3\)",
        ),
        (
            "sigmoid",
            [('"sigmoid"', '"softmax"'), THREE],
            "a b c",
            r"output .* \(1, 1\), but its description says \(1, 3\)",
        ),
        ("logits-two", [('"logits"', '"sigmoid"')], None, r"output .* \(1, 2\), but its description says \(1, 1\)"),
    ],
    ids=["sides swapped", "classes", "labels", "background denied", "one unit of three", "two units, one said"],
)
def test_a_description_that_contradicts_the_file_is_refused(
    edited: Callable[..., ModelFolder], name: str, changes: list[tuple[str, str]], labels: str | None, sentence: str
) -> None:
    with pytest.raises(ModelFileError, match=sentence):
        open_classifier(edited(name, *changes, labels=labels))


WHOLE = (MODELS / "float32" / "model.tflite").read_bytes()


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"not a model at all, only words" * 9, id="text"),
        pytest.param(WHOLE[:4] + b"TFL4" + WHOLE[8:], id="another identifier"),
        pytest.param(WHOLE[: len(WHOLE) // 2], id="cut off"),
        pytest.param(bytes(4) + b"TFL3" + bytes(200), id="an identifier and nothing else"),
    ],
)
def test_a_damaged_file_is_refused(edited: Callable[..., ModelFolder], content: bytes) -> None:
    folder = edited("float32")
    folder.weights_path.write_bytes(content)
    with pytest.raises(ModelFileError, match=r"float32/model\.tflite is not a LiteRT model"):
        open_classifier(folder)


def test_missing_weights_are_told(edited: Callable[..., ModelFolder]) -> None:
    folder = edited("float32")
    folder.weights_path.unlink()
    with pytest.raises(ModelFileError, match=r"The weights of float32 could not be read from model\.tflite"):
        open_classifier(folder)


# Shapes and kinds of numbers ---------------------------------------------------------------------------------------


@pytest.fixture
def altered(tmp_path: Path) -> Callable[..., ModelFolder]:
    """Return a copy of a tiny model whose tables were changed."""

    def alter(name: str, change: Callable[[Any, Any, Any], None]) -> ModelFolder:
        content = (MODELS / name / "model.tflite").read_bytes()
        return load(put(tmp_path, "mine", MODELS / name, content=edit(content, change)))

    return alter


def open_everything(graph: Any, image: Any, classes: Any) -> None:
    """Leave the input's size and the batch open, as a converter does that was told no size; open reads as 1."""
    image.shape, image.shapeSignature = [1, 1, 1, 3], [-1, -1, -1, 3]
    classes.shapeSignature = [-1, *classes.shape[1:]]


def open_batch(graph: Any, image: Any, classes: Any) -> None:
    image.shapeSignature = [-1, *image.shape[1:]]
    classes.shapeSignature = [-1, *classes.shape[1:]]


def wide_open_batch(graph: Any, image: Any, classes: Any) -> None:
    """An open batch that reads as 8."""
    image.shape, image.shapeSignature = [8, *image.shape[1:]], [-1, *image.shape[1:]]


@pytest.mark.parametrize("change", [open_everything, open_batch, wide_open_batch])
@pytest.mark.parametrize("name", ["float32", "uint8"])
def test_an_open_dimension_takes_the_size_that_the_description_names(
    altered: Callable[..., ModelFolder], name: str, change: Callable[[Any, Any, Any], None]
) -> None:
    folder = altered(name, change)
    assert answer(open_classifier(folder), plain(ORANGE)) == pytest.approx([2 / 3, 1 / 3, 0], abs=4e-3)
    pinned = pin(folder.read_weights(), folder.spec.input.size_wh, "x")
    folder.weights_path.write_bytes(pinned)
    assert not read_ends(folder).is_open
    assert answer(open_classifier(folder), plain(ORANGE)) == pytest.approx([2 / 3, 1 / 3, 0], abs=4e-3)


def two_outputs(graph: Any, image: Any, classes: Any) -> None:
    graph.outputs = [graph.outputs[0], graph.outputs[0]]


def channels_first(graph: Any, image: Any, classes: Any) -> None:
    image.shape = [1, 3, 4, 6]


def one_channel(graph: Any, image: Any, classes: Any) -> None:
    image.shape = [1, 4, 18, 1]


def batch_of_four(graph: Any, image: Any, classes: Any) -> None:
    image.shape = [4, 4, 6, 3]


def half_floats_in(graph: Any, image: Any, classes: Any) -> None:
    image.type = 1  # FLOAT16 of schema.fbs


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (two_outputs, r"In mine/model\.tflite there are inputs: 1, outputs: 2"),
        (channels_first, r"has the shape \(1, 3, 4, 6\)\. Expected: .* \(1, height, width, 3\)"),
        (one_channel, r"has the shape \(1, 4, 18, 1\)\. Expected: one RGB photo, \(1, height, width, 3\)"),
        (batch_of_four, r"has the shape \(4, 4, 6, 3\)\. Expected: one RGB photo, \(1, height, width, 3\)"),
        (half_floats_in, r"mine"),
    ],
)
def test_what_is_no_image_classifier_is_told_in_a_sentence(
    altered: Callable[..., ModelFolder], change: Callable[[Any, Any, Any], None], sentence: str
) -> None:
    with pytest.raises(ModelFileError, match=sentence):
        open_classifier(altered("float32", change))


@pytest.mark.parametrize("shape", [[1, 1, 1, 3], [1, 3, 1, 1], [3]])
def test_classes_may_lie_along_any_axis(tmp_path: Path, shape: list[int]) -> None:
    content = add_reshape((MODELS / "float32" / "model.tflite").read_bytes(), shape)
    folder = load(put(tmp_path, "mine", content=content))
    assert answer(open_classifier(folder), plain(ORANGE)) == pytest.approx([2 / 3, 1 / 3, 0], abs=1e-6)


def add_reshape(content: bytes, shape: list[int]) -> bytes:
    """Let the output of a file take another shape."""
    from ai_edge_litert import schema_py_generated as schema
    from ai_edge_litert.tools import flatbuffer_utils

    model = schema.ModelT.InitFromPackedBuf(content, 0)
    graph = model.subgraphs[0]
    code, operator, tensor = schema.OperatorCodeT(), schema.OperatorT(), schema.TensorT()
    code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.RESHAPE
    code.version = 1
    options = schema.ReshapeOptionsT()
    options.newShape = shape
    operator.opcodeIndex, operator.inputs, operator.outputs = (
        len(model.operatorCodes),
        graph.outputs,
        [len(graph.tensors)],
    )
    operator.builtinOptionsType, operator.builtinOptions = schema.BuiltinOptions.ReshapeOptions, options
    tensor.shape, tensor.type, tensor.buffer, tensor.name = shape, schema.TensorType.FLOAT32, 0, b"shaped"
    model.operatorCodes.append(code)
    graph.operators.append(operator)
    graph.tensors.append(tensor)
    graph.outputs = [len(graph.tensors) - 1]
    model.signatureDefs = []
    return bytes(flatbuffer_utils.convert_object_to_bytearray(model))


def test_an_interpreter_that_cannot_be_made_is_not_counted(
    tiny_model: TinyModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    classifier = LiteRTClassifier(tiny_model("float32"), workers=2)
    tensor = classifier.prepare(plain(ORANGE))

    def fail() -> None:
        raise ModelFileError("no room")

    with monkeypatch.context() as patch:
        patch.setattr(classifier._interpreters, "_make", fail)
        with ThreadPoolExecutor(4) as pool:
            assert len(list(pool.map(lambda _: classifier.run(tensor), range(200)))) == 200  # the first one does it all
    assert classifier._interpreters._made == 1
