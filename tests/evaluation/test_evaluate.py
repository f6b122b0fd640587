"""Labelled photos through real models: the figures, what is skipped, cancelling, and the models' published figures."""

import json
import shutil
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lib.classify.classifier import Classifier
from lib.classify.infer import Settings
from lib.classify.opening import open_classifier
from lib.datasets.labelled import LabelledPhotos
from lib.datasets.matching import Choice, match
from lib.datasets.reading import read_labelled
from lib.errors import DatasetError
from lib.evaluation.evaluate import Entrant, Evaluation, assess, evaluate, notes_on
from lib.model.spec import ModelFolder, load
from lib.results import VerdictKind
from lib.verdict import Thresholds
from tests.support.pictures import BLUE, GREEN, RED, encode, plain

ORANGE = (204, 51, 0)  # red 0.8, green 0.2


def put(folder: Path, photos: Mapping[str, tuple[int, int, int] | bytes]) -> LabelledPhotos:
    for index, (name, content) in enumerate(photos.items()):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        # Sizes differ, so that no photo is the copy of another.
        path.write_bytes(content if isinstance(content, bytes) else encode(plain(content, 12 + index), "PNG"))
    return read_labelled(folder)


def enter(classifier: Classifier, photos: LabelledPhotos, **chosen: Choice) -> Entrant:
    return Entrant(classifier, classifier.labels, match(photos.classes, classifier.labels, chosen=chosen))


@pytest.fixture
def photos(tmp_path: Path) -> LabelledPhotos:
    """Three reds, one of which the model takes for blue; an orange called green; a blue; and a broken file."""
    files = {
        "red/1.png": RED, "red/2.png": ORANGE, "red/3.png": BLUE, "green/1.png": ORANGE, "blue/1.png": BLUE,
        "blue/broken.png": b"\x89PNG\r\n\x1a\n broken",
    }  # fmt: skip
    return put(tmp_path / "colours", files)


def done(photos: LabelledPhotos, *entrants: Entrant, settings: Settings | None = None) -> Evaluation:
    evaluation = evaluate(photos, entrants, settings)
    assert evaluation is not None
    return evaluation


def test_the_figures_of_one_model(photos: LabelledPhotos, colours: Classifier) -> None:
    evaluation = done(photos, enter(colours, photos))
    (model,) = evaluation.models
    assert (model.top1.count, model.top1.total, model.top5) == (3, 5, None)
    # Photos are sorted by class: blue; green; red, red, red.
    assert model.hits.right.tolist() == [True, False, True, True, False]
    assert model.confusion.names == ("blue", "green", "red")
    assert model.confusion.counts.tolist() == [[1, 0, 0, 0], [0, 0, 1, 0], [1, 0, 2, 0]]
    assert [kind.value for kind in model.kinds] == ["clear"] * 5
    assert evaluation.gallery is None
    assert evaluation.pairs == ()


def test_a_broken_photo_is_skipped_with_its_reason(photos: LabelledPhotos, colours: Classifier) -> None:
    evaluation = done(photos, enter(colours, photos))
    assert len(evaluation.photos.photos) == len(evaluation.labels) == 5
    (skipped,) = evaluation.photos.skipped
    assert skipped.file == "blue/broken.png"
    assert str(skipped.reason).startswith("blue/broken.png is ")


def test_other_thresholds_need_no_second_look(photos: LabelledPhotos, colours: Classifier) -> None:
    looked = done(photos, enter(colours, photos))
    evaluation = looked.as_read([colours.labels], Thresholds(ratio=0.2))
    assert [kind.value for kind in evaluation.models[0].kinds] == ["clear", "close", "clear", "close", "clear"]
    assert evaluation.models[0].top1.count == 3


def test_language_and_thresholds_changed_together_are_worked_out_once(
    photos: LabelledPhotos, colours: Classifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked = done(photos, enter(colours, photos))
    times: list[Thresholds] = []

    def count(photos: LabelledPhotos, models: Any, thresholds: Thresholds) -> Evaluation:
        times.append(thresholds)
        return assess(photos, models, thresholds)

    monkeypatch.setattr("lib.evaluation.evaluate.assess", count)
    read = looked.as_read([("Rot", "Grün", "Blau")], Thresholds(ratio=0.2))
    assert (read.models[0].answers.labels, read.thresholds.ratio) == (("Rot", "Grün", "Blau"), 0.2)
    assert len(times) == 1
    assert read.as_read([("Rot", "Grün", "Blau")], Thresholds(ratio=0.2)) is read


def test_settings_reach_the_verdicts(photos: LabelledPhotos, colours: Classifier) -> None:
    evaluation = done(photos, enter(colours, photos), settings=Settings(thresholds=Thresholds(floor=0.9)))
    assert evaluation.models[0].kinds[1].value == "weak"


def test_two_models_are_compared_on_the_photos_both_are_judged_on(
    photos: LabelledPhotos, colours: Classifier, tiny_model: Callable[[str], ModelFolder]
) -> None:
    int8 = open_classifier(tiny_model("int8"), workers=1)
    evaluation = done(photos, enter(colours, photos), enter(int8, photos, blue=None))
    (pair,) = evaluation.pairs
    assert (pair.agreement.first, pair.agreement.second) == ("float32", "int8")
    assert pair.agreement.share is not None
    assert (pair.agreement.share.count, pair.agreement.share.total) == (5, 5)
    assert pair.difference is not None
    assert (pair.difference.photos, pair.difference.p_value) == (4, 1.0)  # without the blue one
    assert pair.change is None, "two models of their own, by their ids"
    assert evaluation.gallery is not None
    assert evaluation.gallery.agreements == (0, 1, 2, 3, 4)
    notes = [str(note) for note in notes_on(evaluation)]
    assert notes == ["int8 has no class for 1 of the 5 photos. They are left out of its figures."]


def test_models_of_one_name_can_be_told_apart(
    photos: LabelledPhotos, colours: Classifier, tiny_model: Callable[[str], ModelFolder]
) -> None:
    folder = tiny_model("int8")
    twin = open_classifier(replace(folder, spec=replace(folder.spec, name=colours.spec.name)), workers=1)
    evaluation = done(photos, enter(colours, photos), enter(twin, photos))
    name = colours.spec.name
    assert [model.answers.name for model in evaluation.models] == [f"{name} (float32)", f"{name} (int8)"]


def test_a_model_and_its_variant_show_what_quantisation_changed(
    photos: LabelledPhotos, colours: Classifier, tiny_model: Callable[[str], ModelFolder]
) -> None:
    folder = tiny_model("int8")
    spec = replace(folder.spec, id="whatever", source={"made_from": "float32"})
    variant = open_classifier(replace(folder, spec=spec), workers=1)
    (pair,) = done(photos, enter(colours, photos), enter(variant, photos)).pairs
    assert pair.change is not None
    assert pair.change.changed_answers.count == 0
    assert abs(pair.change.largest[0].after - pair.change.largest[0].before) < 0.02


def test_every_photo_is_decoded_once_for_all_models(photos: LabelledPhotos, colours: Classifier) -> None:
    seen: list[str] = []
    evaluate(
        photos,
        [enter(colours, photos), enter(colours, photos)],
        look=lambda source, image, size_wh: seen.append(source.name),
    )
    assert sorted(seen) == ["blue/1.png", "green/1.png", "red/1.png", "red/2.png", "red/3.png"]


def test_progress_counts_up_to_all_photos(photos: LabelledPhotos, colours: Classifier) -> None:
    told: list[tuple[int, int]] = []
    evaluate(photos, [enter(colours, photos)], on_progress=lambda p: told.append((p.done, p.total)))
    assert told == [(n, 6) for n in range(7)]


def test_a_cancelled_evaluation_gives_nothing(photos: LabelledPhotos, colours: Classifier) -> None:
    cancelled = threading.Event()
    cancelled.set()
    assert evaluate(photos, [enter(colours, photos)], cancelled=cancelled) is None


def test_a_model_that_knows_no_class_is_named(photos: LabelledPhotos, colours: Classifier) -> None:
    with pytest.raises(DatasetError, match="float32 knows none of the classes of colours: blue, green, red"):
        evaluate(photos, [enter(colours, photos, red=None, green=None, blue=None)])


def test_a_model_that_knows_only_what_is_broken_is_named(tmp_path: Path, colours: Classifier) -> None:
    photos = put(tmp_path / "set", {"red/1.png": b"\x89PNG\r\n\x1a\n broken", "green/1.png": GREEN})
    with pytest.raises(DatasetError, match="float32 knows none of the classes"):
        evaluate(photos, [enter(colours, photos, green=None)])


def test_photos_none_of_which_can_be_read_are_an_error(tmp_path: Path, colours: Classifier) -> None:
    photos = put(tmp_path / "set", {"red/1.png": b"\x89PNG\r\n\x1a\n broken"})
    with pytest.raises(DatasetError, match=r"None of the 1 photos in set could be classified.*red/1\.png"):
        evaluate(photos, [enter(colours, photos)])


def test_a_photo_that_one_model_fails_on_is_skipped_for_all(
    photos: LabelledPhotos, colours: Classifier, tiny_model: Callable[[str], ModelFolder]
) -> None:
    broken = open_classifier(tiny_model("nan"), workers=1)
    with pytest.raises(DatasetError, match="None of the 6 photos"):
        evaluate(photos, [enter(colours, photos), enter(broken, photos)])


def test_one_class_only_is_evaluated_and_said(tmp_path: Path, colours: Classifier) -> None:
    photos = put(tmp_path / "set", {"red/1.png": RED, "red/2.png": BLUE})
    evaluation = done(photos, enter(colours, photos))
    assert evaluation.models[0].top1.value == 0.5
    assert "All photos belong to one class" in str(notes_on(evaluation)[0])


def test_a_model_trained_for_itself_is_no_variant_whatever_its_id_ends_in(
    photos: LabelledPhotos, colours: Classifier, tiny_model: Callable[[str], ModelFolder]
) -> None:
    folder = tiny_model("int8")
    trained = open_classifier(replace(folder, spec=replace(folder.spec, id="float32-int8")), workers=1)
    (pair,) = done(photos, enter(colours, photos), enter(trained, photos)).pairs
    assert pair.change is None


IMAGENET = (
    "mobilenet_v1_0.25_128_quant", "mobilenet_v1_0.5_160_quant", "mobilenet_v1_0.75_192_quant",
    "mobilenet_v2_1.0_224_quant", "tf2_mobilenet_v2_1.0_224_ptq",
)  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "measured_as"), [("squash", "straight_resize"), ("crop", "centre_crop_87.5pct")], ids=["squash", "crop"]
)
def test_imagenet_models_are_as_good_as_measured_elsewhere(
    rule: str, measured_as: str, shared: Path, tmp_path: Path
) -> None:
    manifest = json.loads((shared / "models" / "imagenet" / "manifest.json").read_text(encoding="utf-8"))
    files = {Path(entry["file"]).stem: entry for entry in manifest["files"]}
    photos = read_labelled(shared / "photos" / "imagenet-sample")
    entrants = []
    for name in IMAGENET:
        folder = model_folder(shared / "models" / "imagenet", files[name], rule, tmp_path / name)
        entrants.append(enter(open_classifier(folder), photos))
    for name, model in zip(IMAGENET, done(photos, *entrants).models, strict=True):
        expected = files[name]["accuracy_on_1000_sample_photos"][measured_as]["on_the_200_shared"]
        assert model.top5 is not None
        assert (model.top1.total, model.top5.total) == (200, 200)
        assert model.top1.count == round(200 * expected["top1"])
        assert model.top5.count == round(200 * expected["top5"])


def test_breeds_that_count_as_a_class_are_added_up_in_every_figure(shared: Path, tmp_path: Path) -> None:
    """MobileNet V2 spreads "dog" over 118 breeds: a sure breed is seldom, a sure dog is not."""
    manifest = json.loads((shared / "models" / "imagenet" / "manifest.json").read_text(encoding="utf-8"))
    entry = next(e for e in manifest["files"] if Path(e["file"]).stem == "mobilenet_v2_1.0_224_quant")
    folder = model_folder(shared / "models" / "imagenet", entry, "crop", tmp_path / "v2")
    photos = read_labelled(shared / "datasets" / "cats-vs-dogs" / "val")
    (model,) = done(photos, enter(open_classifier(folder), photos)).models
    assert model.top1.value == pytest.approx(0.917, abs=0.0005)
    assert model.ece == pytest.approx(0.094, abs=0.0005)
    assert sum(b.confidence * b.accuracy.total for b in model.bins) == pytest.approx(model.answers.p1.sum())
    at_default = next(point for point in model.curve if point.ratio == 0.5)
    assert at_default.answered.count == model.verdicts[VerdictKind.CLEAR].share.count
    assert model.own.p1.mean() < model.answers.p1.mean() - 0.2


def model_folder(shared: Path, entry: Mapping[str, object], rule: str, folder: Path) -> ModelFolder:
    """Put a model folder around one of the shared files."""
    folder.mkdir()
    shutil.copyfile(shared / str(entry["file"]), folder / "model.tflite")
    shutil.copyfile(shared / "imagenet_labels.txt", folder / "labels.txt")
    side = int(entry["input"]["shape"][1])  # type: ignore[index]
    (folder / "model.toml").write_text(
        f"""
        id = "{folder.name.replace("_", "-").lower()}"
        name = "{folder.name}"
        family = "MobileNet"
        runtime = "litert"
        weights = "model.tflite"
        labels = "labels.txt"
        licence = "Apache-2.0"
        [input]
        size = [{side}, {side}]
        resize = "{rule}"
        [output]
        classes = 1000
        background = "first"
        """,
        encoding="utf-8",
    )
    return load(folder)
