"""Photos → a model folder: usable at once, measured, honest about what it could not read."""

import json
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lib.catalogue.store import Store
from lib.classify.infer import conclude, infer
from lib.classify.opening import open_classifier
from lib.datasets.labelled import LabelledPhoto, LabelledPhotos
from lib.errors import Cancelled, DatasetError
from lib.formats.graft import Pooling
from lib.model.spec import MEANS, Novelty
from lib.photos.source import Source
from lib.results import Answer
from lib.training.heads import HeadSettings
from lib.training.kept import KeptFeatures
from lib.training.making import left_out_nearness
from lib.training.package import NEIGHBOURS
from lib.training.transfer import TransferOptions, train_transfer
from lib.work.progress import Progress
from tests.support.pictures import BLUE, GREEN, RED, encode, noise, plain

COLOURS = {"red_ball": RED, "green": GREEN, "blue": BLUE}
OPTIONS = TransferOptions("starter-small", "My *colours*")


def photo(name: str, seed: int) -> bytes:
    """Return a noisy picture of a colour."""
    colour = tuple(max(0, min(255, channel + seed % 7)) for channel in COLOURS[name])
    picture = plain(colour, 70, 60)  # type: ignore[arg-type]
    picture.paste(noise(20, 20, seed), (seed % 40, seed % 30))
    return encode(picture, "PNG")


def photos(count: int, *, start: int = 0, **broken: int) -> LabelledPhotos:
    """Return `count` photos a class, of which the first `broken[class]` are no photos."""
    names = sorted(COLOURS)
    made = tuple(
        LabelledPhoto(
            Source.of_bytes(
                b"no photo" if k < broken.get(name, 0) else photo(name, start + k), f"{name}/{start + k}.png"
            ),
            label,
        )
        for label, name in enumerate(names)
        for k in range(count)
    )
    return LabelledPhotos("my-photos", tuple(names), tuple(names), made)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path)


def test_a_model_of_ones_own_is_there_at_once_and_answers(store: Store) -> None:
    result = train_transfer(photos(12), photos(4, start=50), OPTIONS, store=store)
    assert (result.model_id, result.by, result.top1) == ("my-colours", "held out", 1.0)
    entry = store.find("my-colours")
    assert entry.kind == "yours"
    folder = store.open_folder("my-colours")
    classifier = open_classifier(folder)
    assert classifier.labels == ("blue", "green", "red ball")
    answer = infer(Source.of_bytes(photo("red_ball", 99), "new.png"), classifier)
    assert isinstance(answer, Answer)
    found = conclude(answer, classifier.labels)
    assert found.predictions[0].label == "red ball"
    assert found.unfamiliar is False
    other = infer(Source.of_bytes(encode(noise(70, 60), "PNG"), "other.png"), classifier)
    assert isinstance(other, Answer)
    assert other.unfamiliar is True


def test_the_folder_holds_what_others_read(store: Store) -> None:
    result = train_transfer(photos(12), None, OPTIONS, store=store)
    metrics = json.loads((result.folder / "metrics.json").read_text())
    assert metrics == result.metrics
    assert (metrics["by"], metrics["photos"], metrics["training_photos"]) == ("leave-one-out", 36, 36)
    spec = store.open_folder(result.model_id).spec
    assert spec.novelty is not None
    assert spec.novelty.method == "class-mean"
    assert spec.published is not None
    assert spec.source["backbone"] == "starter-small"
    means = np.load(result.folder / MEANS)
    assert (means.dtype, means.shape) == (np.float16, (3, 32 if spec.source["pooling"] == "1x1" else 128))
    with np.load(result.folder / NEIGHBOURS) as neighbours:
        assert neighbours["rows"].shape == (36, means.shape[1])
        assert np.array_equal(neighbours["labels"], np.repeat([0, 1, 2], 12))
        assert {len(digest) for digest in neighbours["digests"]} == {64}
    card = (result.folder / "README.md").read_text()
    assert card.startswith("# My colours\n")
    assert "Measured on the 36 training photos, each left out of a model of its own:" in card


@pytest.mark.parametrize("backbone", ["starter-scratch", "efficientnet-lite0-int8", "starter"])
def test_it_works_on_float_and_8_bit_models_and_in_quarters(backbone: str) -> None:
    options = TransferOptions(backbone, "on another", head=HeadSettings(pooling="2x2"))
    result = train_transfer(photos(3), None, options)  # looks once at a photo with the finished file
    assert result.fitted.head.kind.pooling is Pooling.QUARTERS
    assert result.folder.joinpath("model.tflite").stat().st_size > 3_000_000


def test_photos_that_cannot_be_opened_are_skipped_with_their_reasons(store: Store) -> None:
    result = train_transfer(photos(5, blue=2, green=1), photos(3, start=50, blue=1), OPTIONS, store=store)
    assert [str(skipped.file) for skipped in result.skipped] == [
        "blue/0.png",
        "blue/1.png",
        "green/0.png",
        "blue/50.png",
    ]
    assert "blue/0.png" in str(result.skipped[0].reason)
    assert (result.metrics["training_photos"], result.metrics["photos"]) == (12, 8)


def test_a_class_without_a_single_good_photo_is_left_out(store: Store) -> None:
    result = train_transfer(photos(5, blue=5), photos(3, start=50), OPTIONS, store=store)
    assert store.open_folder(result.model_id).read_labels() == ("green", "red ball")
    assert result.metrics["photos"] == 6  # the held-out photos of blue cannot be judged
    with pytest.raises(DatasetError, match=r"Fewer than two classes in my-photos .* First reason: blue/0\.png"):
        train_transfer(photos(5, blue=5, green=5), None, OPTIONS, store=store)


def test_one_photo_a_class_makes_a_model_without_figures(store: Store) -> None:
    result = train_transfer(photos(1), None, OPTIONS, store=store)
    spec = store.open_folder(result.model_id).spec
    assert (spec.published, spec.novelty, spec.track_record) == (None, None, None)
    assert result.metrics["photos"] == 0
    assert np.isnan(result.top1)


def test_a_second_run_reads_no_photo_anew_and_may_have_other_settings(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = KeptFeatures(store.data)
    first = train_transfer(photos(5), None, OPTIONS, store=store, kept=kept)
    monkeypatch.setattr("lib.training.features.Backbone.read_photo", None)
    again = train_transfer(
        photos(5), None, replace(OPTIONS, head=HeadSettings(pooling="2x2")), store=store, kept=kept
    )  # fmt: skip
    assert (first.model_id, again.model_id) == ("my-colours", "my-colours-2")


def test_a_model_is_renewed_in_its_place_and_the_same_photos_give_the_same_file(store: Store) -> None:
    first = train_transfer(photos(5), None, OPTIONS, store=store)
    content = (first.folder / "model.tflite").read_bytes()
    (first.folder / "model.keras").write_bytes(b"exported from the old one")
    again = train_transfer(photos(5), None, replace(OPTIONS, place=first.model_id), store=store)
    assert again.folder == first.folder
    assert (again.folder / "model.tflite").read_bytes() == content
    assert not (again.folder / "model.keras").exists()
    other = train_transfer(photos(6), None, replace(OPTIONS, place=first.model_id), store=store)
    assert store.open_folder(other.model_id).read_weights() != content
    assert [path.name for path in store.models.iterdir()] == [first.model_id]


def test_it_needs_no_trial_when_it_is_opened(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    train_transfer(photos(3), None, OPTIONS, store=store)
    monkeypatch.setattr("lib.catalogue.trial._attempt", None)
    assert Store(store.data).open_folder("my-colours").sha256


def test_thorough_tries_the_square_and_mirrored_photos(store: Store) -> None:
    result = train_transfer(photos(5), photos(2, start=50), replace(OPTIONS, is_thorough=True), store=store)
    assert len(result.fitted.said) == 3
    set_so = TransferOptions("starter-small", head=HeadSettings("1x1", "square", "on"))
    result = train_transfer(photos(5), photos(2, start=50), set_so, store=store)
    assert store.open_folder(result.model_id).spec.input.resize == "square"
    assert store.open_folder(result.model_id).spec.source["mirrored"] is True


def test_progress_counts_both_parts_and_a_cancel_ends_it(store: Store) -> None:
    seen: list[Progress] = []
    train_transfer(photos(3), photos(2, start=50), OPTIONS, store=store, on_progress=seen.append)
    assert (seen[-1].done, seen[-1].total) == (15, 15)
    cancelled = threading.Event()

    def cancel(progress: Progress) -> None:
        if progress.done == 2:
            cancelled.set()

    with pytest.raises(Cancelled):
        train_transfer(photos(40), None, OPTIONS, store=store, on_progress=cancel, cancelled=cancelled)
    assert [path.name for path in store.models.iterdir()] == ["my-colours"]


def test_held_out_photos_set_the_temperature_where_they_clearly_tell_it(store: Store) -> None:
    # Labels at random: whoever is sure of anything is too sure.
    rng = np.random.default_rng(0)
    held = photos(30, start=50)
    mixed = replace(held, photos=tuple(replace(p, label=int(rng.integers(3))) for p in held.photos))
    result = train_transfer(photos(12), mixed, OPTIONS, store=store)
    assert result.metrics["recipe"]["is_calibrated"] is True
    assert result.metrics["ece"] < 0.2
    as_it_is = train_transfer(photos(12), held, OPTIONS, store=store)
    assert as_it_is.metrics["recipe"]["is_calibrated"] is False or as_it_is.top1 == 1.0


def test_a_model_brings_how_often_it_was_right_on_photos_it_had_not_seen(store: Store) -> None:
    held_out = train_transfer(photos(8), photos(3, start=50), OPTIONS, store=store)
    record = store.open_folder(held_out.model_id).spec.track_record
    assert record is not None
    assert (record.photos, record.measured, record.is_unseen) == (9, "held out", True)
    assert sum(tally.right for tally in record.kinds.values()) == round(9 * held_out.metrics["top1"])
    left_out = train_transfer(photos(8), None, OPTIONS, store=store)
    record = store.open_folder(left_out.model_id).spec.track_record
    assert record is not None
    assert (record.photos, record.measured) == (24, left_out.metrics["by"])


def test_a_photo_left_out_is_no_part_of_its_class_mean_and_its_copies_neither() -> None:
    rows = np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 1.0], [-1.0, 0.0]], dtype=np.float32)
    source = Source.of_bytes(b"", "a")
    three = [LabelledPhoto(source, 0), LabelledPhoto(source, 0), LabelledPhoto(source, 0), LabelledPhoto(source, 1)]
    known = LabelledPhotos("set", ("a", "b"), ("a", "b"), tuple(three))
    # Its own mean is the other two's, (0, 1); of the second that of (1, 0) and (0, 1); the last has nothing left of its
    # class, and is opposite to one of the other's three.
    assert left_out_nearness(rows, known, 2) == pytest.approx([0, 0.5**0.5, 0.5**0.5, 0], abs=1e-9)
    twins = replace(known, photos=tuple(replace(photo, group=int(k in (1, 2))) for k, photo in enumerate(three)))
    assert left_out_nearness(rows, twins, 2)[1:3] == pytest.approx([0, 0])


def test_with_enough_held_out_photos_other_thresholds_have_their_price(store: Store) -> None:
    def made(count: int) -> Novelty:
        result = train_transfer(photos(20), photos(count, start=100), OPTIONS, store=store)
        novelty = store.open_folder(result.model_id).spec.novelty
        assert novelty is not None
        return novelty

    assert made(3).prices is None
    prices = made(15).prices
    assert prices is not None
    assert (prices.known_kept[0], prices.unknown_clear) == (1.0, None)
