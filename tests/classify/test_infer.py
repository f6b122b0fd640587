"""Photos and a model → outcomes, streamed in input order."""

import itertools
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from lib.classify.classifier import Classifier, Inference
from lib.classify.infer import Settings, conclude, infer, infer_photos, infer_with_each, pixels_needed
from lib.classify.opening import open_classifier
from lib.errors import ModelOutputError, PhotoError, UsageError
from lib.messages import N_
from lib.model.spec import InputSpec, ModelFolder, ModelSpec, OutputSpec
from lib.photos.source import Source, find_photos
from lib.results import Answer, Failure, Familiarity
from lib.verdict import Thresholds
from lib.work.ordered import AHEAD
from tests.support.pictures import RED, encode, noise, plain


def a_photo(name: str, colour: tuple[int, int, int] = RED) -> Source:
    return Source.of_bytes(encode(plain(colour), "PNG"), name)


class Slow:
    """A stand-in for a model: the redder the photo, the longer it takes; black fails, and 13 is a bug."""

    labels = ("no", "yes")

    def __init__(self, workers: int = 2, size: int = 4, resize: str = "squash", name: str = "slow") -> None:
        self.workers = workers
        self.spec = ModelSpec(
            name, name, "Test", "litert", "w", "l", "-", InputSpec((size, size), resize=resize), OutputSpec(2)
        )
        self.seen: list[tuple[int, int]] = []
        self.at_once = self.most_at_once = 0
        self._lock = threading.Lock()

    def prepare(self, image: Image.Image) -> NDArray[np.generic]:
        with self._lock:
            self.seen.append(image.size)
        return np.asarray(image.resize((1, 1)))

    def run(self, tensor: NDArray[np.generic]) -> Inference:
        with self._lock:
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        red = int(tensor[0, 0, 0])
        time.sleep(red / 5000)
        with self._lock:
            self.at_once -= 1
        if red == 0:
            raise ModelOutputError(N_("no answer"))
        if red == 13:
            raise LookupError("a bug")
        return Inference(np.array([1 - red / 255, red / 255]), 1.0, Familiarity("max-logit", -red, -250.0))


def reds(values: list[int]) -> list[Source]:
    return [a_photo(str(i), (red, 0, 0)) for i, red in enumerate(values)]


# One photo --------------------------------------------------------------------------------------------------------


def test_a_photo_gets_the_models_answer(colours: Classifier) -> None:
    answer = infer(Source.of_bytes(encode(plain((204, 51, 0), 40, 30), "PNG"), "a.png"), colours)
    assert isinstance(answer, Answer)
    result = conclude(answer, colours.labels)
    assert (result.file, result.model, result.size_wh) == ("a.png", "float32", (40, 30))
    assert [(p.label, p.index) for p in result.predictions] == [("red", 0), ("green", 1), ("blue", 2)]
    assert [p.probability for p in result.predictions] == pytest.approx([0.8, 0.2, 0.0], abs=1e-6)
    assert result.verdict.kind == "clear"


@pytest.mark.parametrize(
    ("red", "least", "expected"),
    [
        (200, None, False), (255, None, True), (250, None, False),  # not below the threshold
        (255, -256.0, False), (200, -100.0, True),
    ],
)  # fmt: skip
def test_how_familiar_a_photo_is_stands_beside_the_verdict_and_is_judged_again_without_a_look(
    red: int, least: float | None, expected: bool
) -> None:
    answer = infer(a_photo("a", (red, 0, 0)), Slow(1))
    assert isinstance(answer, Answer)
    found = conclude(answer, ("one", "two"), Settings(familiar=least))
    assert found.unfamiliar is expected
    assert found.familiarity == Familiarity("max-logit", -red, -250.0 if least is None else least)
    assert found.verdict == conclude(answer, ("one", "two")).verdict


def test_of_a_model_that_cannot_say_no_threshold_makes_one_that_can() -> None:
    found = conclude(Answer("a", "m", np.array([0.7, 0.3]), (3, 2), 1.5), ("a", "b"), Settings(familiar=9.0))
    assert (found.unfamiliar, found.familiarity) == (None, None)


@pytest.mark.parametrize("least", [float("nan"), float("inf")])
def test_a_least_score_that_is_no_number_is_refused(least: float) -> None:
    with pytest.raises(UsageError, match="must be a number, not"):
        Settings(familiar=least)


def test_settings_limit_the_list_and_move_the_verdict(colours: Classifier) -> None:
    answer = infer(a_photo("a", (204, 51, 0)), colours)
    assert isinstance(answer, Answer)
    result = conclude(answer, colours.labels, Settings(top=1, thresholds=Thresholds(ratio=0.2)))
    assert len(result.predictions) == 1
    assert result.verdict.kind == "close"


def test_a_list_of_no_classes_is_refused() -> None:
    with pytest.raises(UsageError, match="at least 1, not 0"):
        Settings(top=0)


@pytest.mark.parametrize("data", [b"", b"text", encode(noise(40, 30), "JPEG")[:500]], ids=["empty", "text", "cut off"])
def test_a_bad_photo_is_a_failure_that_names_it(colours: Classifier, data: bytes) -> None:
    result = infer(Source.of_bytes(data, "bad.jpg"), colours)
    assert isinstance(result, Failure)
    assert (result.file, result.model) == ("bad.jpg", "float32")
    assert isinstance(result.error, PhotoError)
    assert str(result.error).startswith("bad.jpg ")


def test_an_answer_that_is_none_is_a_failure(tiny_model: Callable[[str], ModelFolder]) -> None:
    result = infer(a_photo("a.png"), open_classifier(tiny_model("nan")))
    assert isinstance(result, Failure)
    assert isinstance(result.error, ModelOutputError)


def test_a_bug_stays_loud() -> None:
    with pytest.raises(LookupError, match="a bug"):
        list(infer_photos(reds([20, 13, 20]), Slow()))


def test_an_answer_can_be_judged_again_in_other_words() -> None:
    answer = Answer("a", "m", np.array([0.7, 0.3]), (3, 2), 1.5)
    first = conclude(answer, ("cat", "dog"))
    second = conclude(answer, ("고양이", "개"), Settings(thresholds=Thresholds(ratio=0.3)))
    assert (first.verdict.kind, first.predictions[0].label) == ("clear", "cat")
    assert (second.verdict.kind, second.predictions[0].label) == ("close", "고양이")
    assert first.milliseconds == second.milliseconds == 1.5


# Many photos ------------------------------------------------------------------------------------------------------


def test_outcomes_come_in_input_order_however_long_each_takes() -> None:
    values = [250, 10, 200, 10, 10, 150, 10]
    assert [o.file for o in infer_photos(reds(values), Slow())] == [str(i) for i in range(7)]


def test_a_bad_photo_costs_nobody_else(colours: Classifier) -> None:
    sources = [
        a_photo("0"),
        Source.of_bytes(b"", "1"),
        a_photo("2"),
        Source.of_path(Path("no/where.png")),
        a_photo("4"),
    ]
    kinds = [type(outcome) for outcome in infer_photos(sources, colours)]
    assert kinds == [Answer, Failure, Answer, Failure, Answer]


def test_no_photos_give_no_outcomes(colours: Classifier) -> None:
    assert list(infer_photos([], colours)) == []


def test_photos_are_classified_at_once_but_not_more_than_allowed() -> None:
    model = Slow(workers=2)
    list(infer_photos(reds([100] * 8), model))
    assert model.most_at_once == 2


def endless(read: list[int]) -> Iterator[Source]:
    for i in itertools.count():
        read.append(i)
        yield a_photo(str(i), (50, 0, 0))


def test_an_endless_stream_is_read_as_needed(colours: Classifier) -> None:
    read: list[int] = []
    first = list(itertools.islice(infer_photos(endless(read), colours), 5))
    assert [outcome.file for outcome in first] == ["0", "1", "2", "3", "4"]
    assert len(read) <= 5 + AHEAD * colours.workers + 1


def test_the_first_outcome_does_not_wait_for_the_second_photo() -> None:
    arrived = threading.Event()

    def sources() -> Iterator[Source]:
        yield a_photo("first", (10, 0, 0))
        for _ in range(200):  # a source that has nothing yet, for up to a second
            if arrived.wait(0.005):
                break
            yield a_photo("more", (10, 0, 0))

    stream = infer_photos(sources(), Slow())
    assert next(stream).file == "first"
    arrived.set()
    stream.close()  # type: ignore[attr-defined]


def test_closing_the_stream_ends_the_work() -> None:
    model = Slow()
    stream = infer_photos(reds([50] * 100), model)
    next(stream)
    stream.close()  # type: ignore[attr-defined]
    seen = len(model.seen)
    time.sleep(0.05)
    assert len(model.seen) == seen < 100
    assert not [t for t in threading.enumerate() if t.name.startswith("ordered")]


def test_cancelling_begins_no_further_photo() -> None:
    model, cancelled = Slow(), threading.Event()
    begun = 0
    for count, _ in enumerate(infer_photos(endless([]), model, cancelled=cancelled), 1):
        if count == 3:
            cancelled.set()
            begun = len(model.seen)
    assert len(model.seen) <= begun + AHEAD * model.workers  # those that were handed out already


def test_once_cancelled_what_is_in_hand_is_finished_and_nothing_else_begun() -> None:
    in_hand, go_on, cancelled = threading.Semaphore(0), threading.Event(), threading.Event()

    class Held(Slow):
        def run(self, tensor: NDArray[np.generic]) -> Inference:
            in_hand.release()
            go_on.wait(60)
            return super().run(tensor)

    def cancel() -> None:
        for _ in range(2):
            in_hand.acquire(timeout=60)
        cancelled.set()
        go_on.set()

    model = Held(workers=2)
    threading.Thread(target=cancel).start()
    answers = list(infer_photos(reds([10] * 12), model, cancelled=cancelled))
    assert [answer.file for answer in answers] == ["0", "1"]
    assert len(model.seen) == 2


def test_cancelled_from_the_start_nothing_is_begun() -> None:
    model, cancelled = Slow(), threading.Event()
    cancelled.set()
    assert list(infer_photos(reds([10] * 5), model, cancelled=cancelled)) == []
    assert model.seen == []


def test_look_sees_every_decoded_photo_once() -> None:
    seen: list[tuple[str, tuple[int, int]]] = []
    sources = [*reds([10, 20, 0]), Source.of_bytes(b"", "bad")]
    list(
        infer_with_each(
            sources,
            [Slow(), Slow(name="other")],
            look=lambda source, image, size_wh: seen.append((source.name, size_wh)),
        )
    )
    assert sorted(seen) == [("0", (12, 8)), ("1", (12, 8)), ("2", (12, 8))]


# Several models ---------------------------------------------------------------------------------------------------


def test_each_model_answers_for_each_photo_in_order() -> None:
    answers = list(infer_with_each(reds([10, 0, 30]), [Slow(name="a"), Slow(name="b")]))
    assert [[(one.file, one.model) for one in both] for both in answers] == [
        [("0", "a"), ("0", "b")],
        [("1", "a"), ("1", "b")],
        [("2", "a"), ("2", "b")],
    ]
    assert [type(one) for one in answers[1]] == [Failure, Failure]


def test_a_photo_is_read_once_for_all_models() -> None:
    reads: list[str] = []

    def read() -> bytes:
        reads.append("read")
        return encode(plain(RED), "PNG")

    list(infer_with_each([Source("a", read)], [Slow(), Slow(), Slow()]))
    assert reads == ["read"]


def test_a_model_sees_the_same_pixels_alone_and_in_company() -> None:
    photo = Source.of_bytes(encode(noise(1600, 1500), "JPEG"), "large")
    small, large = Slow(size=224), Slow(size=600)
    list(infer_photos([photo], small))
    list(infer_photos([photo], large))
    list(infer_with_each([photo], [small, large]))
    assert small.seen == [(400, 375)] * 2  # a quarter, still at least 360
    assert large.seen == [(800, 750)] * 2  # half


@pytest.mark.parametrize(
    ("size", "rule", "needed"),
    [
        (224, "crop", 360),
        (299, "crop", 360),
        (331, "crop", 379),
        (331, "square", 379),
        (331, "squash", 360),
        (600, "squash", 600),
    ],
)
def test_pixels_needed(size: int, rule: str, needed: int) -> None:
    # 299 / 0.875 = 341.7 and 331 / 0.875 = 378.3
    assert pixels_needed(Slow(size=size, resize=rule)) == needed


# Finding photos ---------------------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in (
        "b.JPG",
        "a.png",
        "sub/c.heic",
        ".hidden.jpg",
        ".git/d.jpg",
        "notes.txt",
        "sub/.e.jpg",
        "model.tflite",
    ):
        path = tmp_path / "photos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    (tmp_path / "photos" / "folder.jpg").mkdir()
    return tmp_path / "photos"


def test_a_folder_gives_its_photos_sorted_without_hidden_ones(folder: Path) -> None:
    found = [Path(source.name).relative_to(folder).as_posix() for source in find_photos(folder)]
    assert found == ["a.png", "b.JPG", "sub/c.heic"]


def test_a_hidden_folder_that_is_named_is_searched(folder: Path) -> None:
    assert [Path(source.name).name for source in find_photos(folder / ".git")] == ["d.jpg"]


@pytest.mark.parametrize("name", ["notes.txt", ".hidden.jpg", "nowhere.jpg"])
def test_a_file_that_is_named_is_always_taken(folder: Path, name: str) -> None:
    assert [source.name for source in find_photos(folder / name)] == [str(folder / name)]


def test_an_empty_folder_gives_nothing(tmp_path: Path) -> None:
    assert find_photos(tmp_path) == []


def test_a_source_reads_its_file_and_names_it_as_given(folder: Path) -> None:
    assert Source.of_path(folder / "a.png").name == "a.png"
    assert Source.of_path(folder / "a.png", "mine").read() == b"x"
    with pytest.raises(PhotoError, match=r"^mine does not exist"):
        Source.of_path(folder / "gone.png", "mine").read()


# Real models on real photos: the figures measured independently of this code --------------------------------------

IMAGENET = [
    "mobilenet_v1_0.25_128_quant",
    "mobilenet_v1_0.5_160_quant",
    "mobilenet_v1_0.75_192_quant",
    "mobilenet_v2_1.0_224_quant",
    "tf2_mobilenet_v2_1.0_224_ptq",
]


def imagenet_model(shared: Path, name: str, rule: str) -> ModelFolder:
    models = shared / "models" / "imagenet"
    manifest = json.loads((models / "manifest.json").read_text(encoding="utf-8"))
    (entry,) = (e for e in manifest["files"] if e["file"] == f"{name}.tflite")
    _, height, width, _ = entry["input"]["shape"]
    spec = ModelSpec(
        id=name.replace("_", "-"),
        name=name,
        family="MobileNet",
        runtime="litert",
        weights=f"{name}.tflite",
        labels="imagenet_labels.txt",
        licence="Apache-2.0",
        input=InputSpec((width, height), resize=rule),
        output=OutputSpec(1000, "first"),
    )
    return ModelFolder(spec, models)


# Of the 200 photos, top-1 and top-5, counted with Pillow and a plain interpreter alone, after `_decode_and_center_crop`
# of efficientnet/preprocessing.py in TensorFlow's tpu repository.
RIGHT_IN_A_SQUARE = {
    "mobilenet_v1_0.25_128_quant": (107, 154),
    "mobilenet_v1_0.5_160_quant": (147, 181),
    "mobilenet_v1_0.75_192_quant": (166, 194),
    "mobilenet_v2_1.0_224_quant": (172, 199),
    "tf2_mobilenet_v2_1.0_224_ptq": (177, 200),
}


@pytest.mark.parametrize("name", IMAGENET)
def test_real_models_see_a_square_as_others_cut_it(shared: Path, name: str) -> None:
    model = imagenet_model(shared, name, "square")
    right = count_right(shared, model.looking_as(replace(model.spec.input, filter="bicubic")))
    assert (right[1], right[5]) == RIGHT_IN_A_SQUARE[name]


@pytest.mark.parametrize(("rule", "key"), [("crop", "centre_crop_87.5pct"), ("squash", "straight_resize")])
@pytest.mark.parametrize("name", IMAGENET)
def test_real_models_reach_the_accuracy_measured_elsewhere(shared: Path, name: str, rule: str, key: str) -> None:
    right = count_right(shared, imagenet_model(shared, name, rule))
    manifest = json.loads((shared / "models" / "imagenet" / "manifest.json").read_text(encoding="utf-8"))
    (entry,) = (e for e in manifest["files"] if e["file"] == f"{name}.tflite")
    measured = entry["accuracy_on_1000_sample_photos"][key]["on_the_200_shared"]
    assert right[1] == 200 * measured["top1"]
    assert right[5] == 200 * measured["top5"]


def count_right(shared: Path, model: ModelFolder) -> dict[int, int]:
    """Return how many of the 200 photos have their class among the likeliest one, and five."""
    photos = shared / "photos" / "imagenet-sample"
    lines = (photos / "labels.csv").read_text(encoding="utf-8").splitlines()[1:]
    truth = {line.split(",")[0]: int(line.rsplit(",", 1)[1]) for line in lines}
    classifier = open_classifier(model)
    right = dict.fromkeys((1, 5), 0)
    for answer in infer_photos([Source.of_path(photos / file) for file in truth], classifier):
        assert isinstance(answer, Answer)
        ranked = [p.index for p in conclude(answer, classifier.labels).predictions]
        for top in right:
            right[top] += truth[answer.file] in ranked[:top]
    return right
