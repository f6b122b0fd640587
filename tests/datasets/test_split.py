"""Labelled photos for training: what is held out, what is too little, and the same photos in every layout."""

import pickle
from collections import Counter
from pathlib import Path

import pytest

from lib.datasets.labelled import LabelledPhoto, LabelledPhotos
from lib.datasets.reading import read_labelled
from lib.datasets.split import read_for_training, require_trainable, split, with_extra
from lib.errors import DatasetError
from lib.photos.source import Source

JPEG = b"\xff\xd8\xff\xe0" + bytes(20)


def put(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(JPEG + name.encode())
    return root


def made_of(*counts: int) -> LabelledPhotos:
    photos = tuple(
        LabelledPhoto(Source.of_bytes(b"", f"{label}/{i}.jpg"), label)
        for label, count in enumerate(counts) for i in range(count)
    )  # fmt: skip
    names = tuple(f"class{i}" for i in range(len(counts)))
    return LabelledPhotos("set", names, names, photos)


def named(photos: LabelledPhotos) -> set[str]:
    return {photo.source.name for photo in photos.photos}


def test_the_photos_and_their_sources_can_be_sent_to_another_process(tmp_path: Path) -> None:
    photos = read_labelled(put(tmp_path, "a/1.jpg", "b/2.jpg"))
    sent = pickle.loads(pickle.dumps(photos))
    assert [photo.source.read() for photo in sent.photos] == [photo.source.read() for photo in photos.photos]
    assert pickle.loads(pickle.dumps(Source.of_bytes(b"x", "a"))).read() == b"x"


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        pytest.param((5,), "only one class", id="one class"),
        pytest.param((5, 1), "Usable photos of class class1: 1", id="one photo"),
        pytest.param((0, 5), "Usable photos of class class0: 0", id="no photo"),
    ],
)
def test_too_little_to_train_on_is_an_error(counts: tuple[int, ...], message: str) -> None:
    with pytest.raises(DatasetError, match=message):
        require_trainable(made_of(*counts))


def test_a_class_without_a_usable_photo_is_no_class_forgotten(tmp_path: Path) -> None:
    put(tmp_path, "a/1.jpg", "a/2.jpg", "b/1.jpg", "b/2.jpg")
    (tmp_path / "c").mkdir()
    with pytest.raises(DatasetError, match="Usable photos of class c: 0"):
        read_for_training(tmp_path, validation=0.15, seed=0)


def test_a_split_takes_the_same_share_of_each_class() -> None:
    train, val = split(made_of(20, 100, 2), validation=0.15, seed=3)
    assert val.counts() == (3, 15, 1)
    assert train.counts() == (17, 85, 1)
    assert not named(train) & named(val)


def test_a_split_depends_on_its_seed_alone() -> None:
    whole = made_of(50, 50)
    assert split(whole, seed=1) == split(whole, seed=1)
    assert split(whole, seed=1) != split(whole, seed=2)


@pytest.mark.parametrize("share", [0.0, 1.0, -1.0])
def test_a_split_without_a_side_is_an_error(share: float) -> None:
    with pytest.raises(DatasetError, match="between 0 and 1"):
        split(made_of(5, 5), validation=share)


@pytest.mark.parametrize(
    ("learnt", "held_out"),
    [("train", "val"), ("train", "valid"), ("Training", "Validation"), ("train", "test"), ("training_set", "test_set")],
)
@pytest.mark.parametrize("around", ["", "set/"])
def test_parts_for_training_and_validation_are_taken_as_they_are(
    tmp_path: Path, learnt: str, held_out: str, around: str
) -> None:
    names = [f"{around}{learnt}/{label}/{i}.jpg" for label in "ab" for i in (1, 2)]
    put(tmp_path, *names, *(f"{around}{held_out}/{label}/9.jpg" for label in "ab"))
    train, val = read_for_training(tmp_path, validation=0.15, seed=0)
    assert (train.classes, train.counts(), val.classes, val.counts()) == (("a", "b"), (2, 2), ("a", "b"), (1, 1))
    put(tmp_path, f"{around}{held_out}/c/9.jpg")
    with pytest.raises(DatasetError, match="different classes: c"):
        read_for_training(tmp_path, validation=0.15, seed=0)


def test_of_train_valid_and_test_the_photos_in_test_are_not_touched(tmp_path: Path) -> None:
    put(tmp_path, *(f"{part}/{label}/{i}.jpg" for part in ("train", "valid", "test") for label in "ab" for i in (1, 2)))
    train, val = read_for_training(tmp_path, validation=0.15, seed=0)
    assert {name.split("/")[0] for name in named(train)} == {"train"}
    assert {name.split("/")[0] for name in named(val)} == {"valid"}


def test_parts_without_one_to_learn_from_are_an_error(tmp_path: Path) -> None:
    put(tmp_path, "valid/a/1.jpg", "test/a/2.jpg")
    with pytest.raises(DatasetError, match="no folder “train” to learn from"):
        read_for_training(tmp_path, validation=0.15, seed=0)


def test_a_folder_around_the_classes_is_looked_through(tmp_path: Path) -> None:
    put(tmp_path, *(f"set/photos/{label}/{i}.jpg" for label in "abc" for i in range(4)))
    train, val = read_for_training(tmp_path / "set", validation=0.25, seed=0)
    assert (train.classes, train.counts(), val.counts()) == (("a", "b", "c"), (3, 3, 3), (1, 1, 1))


def test_extra_photos_join_the_class_of_the_same_name(tmp_path: Path) -> None:
    put(tmp_path, "set/a/1.jpg", "set/b/1.jpg", "more/b/2.jpg")
    joined = with_extra(read_labelled(tmp_path / "set"), read_labelled(tmp_path / "more"))
    assert Counter(p.label for p in joined.photos) == {0: 1, 1: 2}
    put(tmp_path, "more/c/1.jpg")
    with pytest.raises(DatasetError, match="missing from the training photos: c"):
        with_extra(read_labelled(tmp_path / "set"), read_labelled(tmp_path / "more"))
