"""A whole training run through the worker process, on two colours of tiny pictures."""

import io
import json
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lib.classify.litert import LiteRTClassifier
from lib.errors import Cancelled, DatasetError, TrainingError
from lib.model.spec import load
from lib.training import TrainEvent, TrainOptions, train
from lib.training.launch import has_left, keep_best
from lib.training.options import TUNED
from tests.support.workshop import Workshop

COLOURS = {"red": (200, 30, 30), "sky_blue": (60, 120, 220)}


def picture(colour: tuple[int, int, int], seed: int) -> Image.Image:
    noise = np.random.default_rng(seed).integers(-25, 26, (24, 32, 3))
    return Image.fromarray(np.clip(np.array(colour) + noise, 0, 255).astype(np.uint8))


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("colours")
    for name, colour in COLOURS.items():
        (folder / name).mkdir()
        for seed in range(40):
            picture(colour, seed).save(folder / name / f"{seed:02}.png")
    buffer = io.BytesIO()
    picture((0, 0, 0), 0).save(buffer, "PNG")
    (folder / "red" / "cut.png").write_bytes(buffer.getvalue()[:-400])
    (folder / "red" / "notes.txt").write_text("not a photo")
    return folder


def options(photos: Path, tmp_path: Path, **more: object) -> TrainOptions:
    settings: dict[str, object] = {
        "architecture": "small", "size": 32, "epochs": 6, "batch": 16, "views": 2, "learning_rate": 0.01,
        "destination": tmp_path / "colours", "work": tmp_path / "work", "name": "Colours",
    }  # fmt: skip
    return TrainOptions(photos, **{**settings, **more})  # type: ignore[arg-type]


@pytest.mark.tensorflow
def test_a_run_leaves_a_model_folder_that_tells_the_colours_apart(photos: Path, tmp_path: Path) -> None:
    events: list[TrainEvent] = []
    result = train(options(photos, tmp_path), on_event=events.append)

    assert (result.model_id, result.folder) == ("colours", (tmp_path / "colours").resolve())
    stages = list(dict.fromkeys(event.stage for event in events))
    assert stages == ["start", "scan", "prepare", "build", "fit", "write", "done"]
    validations = [event.val_accuracy for event in events if event.val_accuracy is not None]
    assert len(validations) == 6

    folder = load(result.folder)
    assert folder.read_labels() == ("red", "sky blue")
    classifier = LiteRTClassifier(folder)
    for index, colour in enumerate(COLOURS.values()):
        probabilities = classifier.run(classifier.prepare(picture(colour, seed=999))).probabilities
        assert probabilities.argmax() == index
    assert result.top1 == folder.spec.published.top1 == 1.0  # type: ignore[union-attr]

    metrics = json.loads((result.folder / "metrics.json").read_text())
    assert metrics["confusion"] == [[6, 0], [0, 6]]
    assert {entry["file"] for entry in metrics["skipped"]} == {"red/cut.png", "red/notes.txt"}
    reasons = {skipped.file: skipped.reason.text for skipped in result.skipped}
    assert reasons["red/notes.txt"] == "{file} is not a photo in a supported format."
    assert str(tmp_path) not in (result.folder / "metrics.json").read_text()
    assert (result.folder / "model.keras").is_file()
    assert [path.name[:6] for path in (tmp_path / "work").iterdir()] == ["views-"] * 2, "the checkpoint is gone"


@pytest.mark.tensorflow
@pytest.mark.usefixtures("warm")
def test_two_photos_of_each_class_are_enough(tmp_path: Path) -> None:
    for name, colour in COLOURS.items():
        for seed in range(2):
            (tmp_path / "two" / name).mkdir(parents=True, exist_ok=True)
            picture(colour, seed).save(tmp_path / "two" / name / f"{seed}.png")
    result = train(options(tmp_path / "two", tmp_path, epochs=1), on_event=lambda event: None)
    assert load(result.folder).read_labels() == ("red", "sky blue")


@pytest.mark.tensorflow
@pytest.mark.usefixtures("warm")
def test_a_run_that_was_stopped_leaves_its_best_and_continues_at_its_last_epoch(photos: Path, tmp_path: Path) -> None:
    stop = threading.Event()

    def stop_after_two(event: TrainEvent) -> None:
        if event.val_accuracy is not None and event.epoch == 2:
            stop.set()

    chosen = options(photos, tmp_path, epochs=200, architecture="keras-example", size=16, learning_rate=0.003)
    assert not has_left(chosen)
    with pytest.raises(Cancelled):
        train(chosen, on_event=stop_after_two, cancelled=stop)
    assert not (tmp_path / "colours").exists()
    assert has_left(chosen)

    kept = keep_best(chosen)
    assert kept.top1 == max(row["val_accuracy"] for row in kept.metrics["history"])
    assert [row["epoch"] for row in kept.metrics["history"]] == [1, 2]
    assert "it was ended before epoch 200" in (kept.folder / "README.md").read_text()
    folder = load(kept.folder)
    assert (folder.spec.output.activation, folder.spec.input.range) == ("sigmoid", (0.0, 255.0))
    # One unit: its answer must not be the other way round. By now it tells the colours apart, if only just.
    classifier = LiteRTClassifier(folder)
    red, blue = (classifier.run(classifier.prepare(picture(c, 999))).probabilities[1] for c in COLOURS.values())
    assert red < blue

    again, first = threading.Event(), []

    def stop_at_once(event: TrainEvent) -> None:
        if event.stage == "fit":
            first.append(event.epoch)
            again.set()

    with pytest.raises(Cancelled):
        train(replace(chosen, destination=None), on_event=stop_at_once, cancelled=again)
    assert first[0] >= 3


def of_other_photos(checkpoint: Path) -> None:
    with np.load(checkpoint) as saved:
        values = dict(saved)
    values["about"] = np.array(json.dumps({**json.loads(str(values["about"])), "photos": "others"}))
    np.savez(checkpoint, allow_pickle=False, **values)


def cut_off(checkpoint: Path) -> None:
    checkpoint.write_bytes(checkpoint.read_bytes()[:-500])


@pytest.mark.tensorflow
@pytest.mark.usefixtures("warm")
@pytest.mark.parametrize("spoil", [of_other_photos, cut_off])
def test_a_checkpoint_that_does_not_fit_is_set_aside(
    spoil: Callable[[Path], None], photos: Path, tmp_path: Path
) -> None:
    events: list[TrainEvent] = []

    def stop_when(is_enough: Callable[[TrainEvent], bool]) -> None:
        stop = threading.Event()

        def follow(event: TrainEvent) -> None:
            events.append(event)
            if is_enough(event):
                stop.set()

        with pytest.raises(Cancelled):
            train(options(photos, tmp_path, epochs=200), on_event=follow, cancelled=stop)

    stop_when(lambda event: event.val_accuracy is not None and event.epoch == 2)
    (checkpoint,) = (tmp_path / "work").glob("*/checkpoint.npz")
    spoil(checkpoint)
    events.clear()
    stop_when(lambda event: event.epoch is not None)
    assert [event.note[:50] for event in events if event.note] == ["The checkpoint of the earlier run does not fit the"]
    assert next(event.epoch for event in events if event.epoch) == 1
    assert checkpoint.with_suffix(".unfit").is_file()


@pytest.mark.tensorflow
@pytest.mark.usefixtures("warm")
def test_fine_tuning_begins_where_plain_transfer_ends_and_says_when_it_seldom_helps(
    photos: Path, tmp_path: Path
) -> None:
    events: list[TrainEvent] = []
    chosen = {"recipe": "fine-tune", "architecture": TUNED, "views": 1, "epochs": 1, "learning_rate": 1e-4}
    result = train(options(photos, tmp_path, **chosen), on_event=events.append)
    assert [event.note[:40] for event in events if event.note] == ["Fine-tuning seldom helps with fewer than"]
    begun, tuned = result.metrics["history"]
    assert (begun["epoch"], tuned["epoch"]) == (0, 1)
    assert begun["val_accuracy"] == 1.0, "a head on its features tells red from blue before any step"
    assert result.top1 == 1.0


TAUGHT = """
from pathlib import Path
import numpy as np
from lib.training.fit import Fit
from lib.training.head import SoftmaxHead
from lib.training.options import TrainOptions
from lib.training.prepare import Views
rng = np.random.default_rng(0)
labels = rng.integers(0, 2, 32)
pixels = np.broadcast_to(labels[:, None, None, None, None] * 200, (32, 2, 32, 32, 3)).astype(np.uint8)
features = np.repeat(np.where(labels, 1.0, -1.0), 2 * 4).reshape(32, 2, 4).astype(np.float16)
# Its teacher takes each for the other.
head = SoftmaxHead(np.array([[5, -5]] + 3 * [[0, 0]], np.float32), np.zeros(2, np.float32))
views = Views(pixels, labels, features, {})
options = TrainOptions(Path("x"), architecture="small", size=32, epochs=40, batch=16, learning_rate=0.02, ema=0.9)
fit = Fit(options, ("a", "b"), views, views, head, Path(work), "photos", lambda figures: None)
fit.run()
result = fit.history[-1]["val_accuracy"]
"""


@pytest.mark.tensorflow
def test_a_student_believes_its_teacher_more_than_the_labels(workshop: Workshop, tmp_path: Path) -> None:
    assert workshop.evaluate(TAUGHT, work=str(tmp_path)) == 0.0


def test_validation_photos_of_which_none_can_be_decoded_are_told(tmp_path: Path) -> None:
    for part in ("train", "val"):
        for name, colour in COLOURS.items():
            (tmp_path / "set" / part / name).mkdir(parents=True)
            for seed in range(3):
                path = tmp_path / "set" / part / name / f"{seed}.png"
                picture(colour, seed).save(path)
                if part == "val":
                    path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(TrainingError, match="None of the validation photos could be opened"):
        train(options(tmp_path / "set", tmp_path), on_event=lambda event: None)


@pytest.mark.tensorflow
def test_what_is_wrong_with_the_photos_reaches_the_caller(tmp_path: Path) -> None:
    (tmp_path / "set/only").mkdir(parents=True)
    (tmp_path / "set/only/1.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    with pytest.raises(DatasetError, match="only one class"):
        train(options(tmp_path / "set", tmp_path), on_event=lambda event: None)


def test_asking_for_a_run_imports_neither_tensorflow_nor_keras() -> None:
    code = "import lib.training, sys; print({'tensorflow', 'keras', 'numpy'} & set(sys.modules))"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "set()"
