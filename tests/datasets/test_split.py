"""Labelled photos for training: what is held out, what is too little, and the same photos in every layout."""

import pickle
from collections import Counter
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.datasets.draw import grouped, held_out
from lib.datasets.labelled import LabelledPhoto, LabelledPhotos
from lib.datasets.reading import read_labelled
from lib.datasets.split import read_for_training, require_trainable, split, with_extra
from lib.errors import DatasetError
from lib.photos.source import Source
from tests.datasets.test_duplicates import scene
from tests.support.pictures import encode

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


def test_a_class_with_too_few_photos_is_named_with_why_the_others_cannot_be_used(tmp_path: Path) -> None:
    put(tmp_path, "a/1.jpg", "a/2.jpg", "b/1.jpg")
    for k in range(2):
        (tmp_path / "b" / f"no{k}.jpg").write_bytes(b"no photo")
    reason = r"Usable photos of class b: 1\. .* First of 2 reasons: b/no0\.jpg is not a photo"
    with pytest.raises(DatasetError, match=reason):
        read_for_training(tmp_path, validation=0.2, seed=0)


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


def groups_of(sizes: list[int]) -> list[tuple[int, ...]]:
    ends = [sum(sizes[: at + 1]) for at in range(len(sizes))]
    return [tuple(range(end - size, end)) for end, size in zip(ends, sizes, strict=True)]


SIZES = st.lists(st.integers(1, 9), min_size=2, max_size=12)


@given(st.lists(SIZES, min_size=2, max_size=4), st.floats(0.05, 0.9), st.integers(0, 5), st.randoms())
def test_groups_stay_on_one_side_and_both_sides_have_one_of_each_class(
    classes: list[list[int]], share: float, seed: int, random: Random
) -> None:
    groups = groups_of([size for sizes in classes for size in sizes])
    labels = [label for label, sizes in enumerate(classes) for _ in range(sum(sizes))]
    names = [str(place) for place in range(len(labels))]
    held, cut = held_out(labels, groups, names, validation=share, seed=seed)
    assert cut == ()
    assert all(set(group) <= held or not held & set(group) for group in groups)
    for label in range(len(classes)):
        mine = {place for place, other in enumerate(labels) if other == label}
        assert mine & held
        assert mine - held
    order = random.sample(range(len(labels)), len(labels))  # the same photos, found in another order
    place_of = {old: new for new, old in enumerate(order)}
    moved = [tuple(place_of[place] for place in group) for group in groups]
    again, _ = held_out([labels[at] for at in order], moved, [names[at] for at in order], validation=share, seed=seed)
    assert {order[place] for place in again} == held


def test_without_groups_the_share_is_exact() -> None:
    for count in (2, 3, 10, 41):
        held, _ = held_out(
            [0] * count, [(n,) for n in range(count)], list(map(str, range(count))), validation=0.2, seed=0
        )
        assert len(held) == max(1, round(0.2 * count))


def test_a_class_of_one_group_is_cut_at_its_end_and_said() -> None:
    photos = made_of(10, 10)
    train, val = split(photos, validation=0.2, groups=[tuple(range(10)), *((n,) for n in range(10, 20))])
    assert {"0/8.jpg", "0/9.jpg"} < named(val)
    assert len(named(val)) == 4
    for side in (train, val):
        assert [str(note)[:43] for note in side.notes] == ["All photos of the class class0 are much ali"]


def test_photos_that_are_added_later_move_few_others() -> None:
    def drawn(count: int) -> frozenset[int]:
        names = [f"photo {n}" for n in range(count)]
        return held_out([0] * count, [(n,) for n in range(count)], names, validation=0.2, seed=3)[0]

    before, after = drawn(100), drawn(110)
    moved = {place for place in range(100) if (place in before) != (place in after)}
    assert len(moved) <= 4  # twenty of a hundred are held out; a draw from the start would move some thirty


def test_the_command_line_and_the_worker_keep_near_duplicates_together(tmp_path: Path) -> None:
    for name, start in (("a", 0), ("b", 50)):
        (tmp_path / name).mkdir()
        for scene_number in range(4):
            for frame, quality in enumerate((60, 75, 95)):
                path = tmp_path / name / f"{frame}-{scene_number}.jpg"
                path.write_bytes(encode(scene(start + scene_number), "JPEG", quality=quality))
    for seed in range(3):
        train, val = read_for_training(tmp_path, validation=0.25, seed=seed)
        assert (train.counts(), val.counts()) == ((9, 9), (3, 3))
        scenes = [{name[0] + name[-5] for name in named(part)} for part in (train, val)]
        assert not scenes[0] & scenes[1]


def test_those_that_are_nearly_the_same_have_one_mark(tmp_path: Path) -> None:
    for number, quality in enumerate((60, 70, 80, 90)):
        path = tmp_path / ("a" if number < 3 else "b") / f"{number}.jpg"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(encode(scene(min(number, 1)), "JPEG", quality=quality))
    first, second, third, other_class = [photo.group for photo in grouped(read_labelled(tmp_path)).photos]
    assert first != second == third
    assert other_class not in (first, second)


def test_the_same_photos_are_split_alike_under_other_names(tmp_path: Path) -> None:
    for folder, names in (("one", "ab"), ("two", "xy")):
        for label, name in enumerate(names):
            (tmp_path / folder / name).mkdir(parents=True)
            for n in range(10):
                path = tmp_path / folder / name / f"{n if folder == 'one' else 99 - n}.jpg"
                path.write_bytes(encode(scene(100 * label + n), "JPEG"))
    drawn = [read_for_training(tmp_path / folder, validation=0.2, seed=1)[1] for folder in ("one", "two")]
    assert {photo.source.read() for photo in drawn[0].photos} == {photo.source.read() for photo in drawn[1].photos}
