"""Folders of labelled photos: layouts, what is skipped and why, seeded splits."""

from collections import Counter
from pathlib import Path

import pytest

from lib.datasets.split import Dataset, LabelledPhoto, require_trainable, scan, scan_for_training, split, with_extra
from lib.errors import DatasetError
from lib.messages import Message

JPEG = b"\xff\xd8\xff\xe0" + bytes(20)
PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)
WEBP = b"RIFF\x00\x00\x00\x00WEBP" + bytes(8)


def put(path: Path, content: bytes = JPEG) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def made_of(*counts: int) -> Dataset:
    photos = tuple(
        LabelledPhoto(Path(f"/{label}/{i}.jpg"), label) for label, count in enumerate(counts) for i in range(count)
    )
    return Dataset(Path("/set"), tuple(f"class{i}" for i in range(len(counts))), photos)


def test_classes_and_photos_are_sorted_whatever_the_order_on_disk(tmp_path: Path) -> None:
    for name in ("zebra/b.jpg", "zebra/a.png", "ant/2.webp", "ant/deeper/1.jpg"):
        put(tmp_path / name, {".png": PNG, ".webp": WEBP}.get(Path(name).suffix, JPEG))
    found = scan(tmp_path)
    assert found.classes == ("ant", "zebra")
    assert [(p.path.relative_to(tmp_path).as_posix(), p.label) for p in found.photos] == [
        ("ant/2.webp", 0),
        ("ant/deeper/1.jpg", 0),
        ("zebra/a.png", 1),
        ("zebra/b.jpg", 1),
    ]
    assert found.skipped == ()
    assert found.counts() == (2, 2)


def test_hidden_files_are_passed_over_in_silence(tmp_path: Path) -> None:
    put(tmp_path / "cat/a.jpg")
    put(tmp_path / "cat/.DS_Store", b"x")
    put(tmp_path / "cat/Thumbs.db", b"x")
    put(tmp_path / ".git/a.jpg")
    put(tmp_path / "__MACOSX/a.jpg")
    found = scan(tmp_path)
    assert (found.classes, len(found.photos), found.skipped) == (("cat",), 1, ())


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param(b"", "a.jpg is empty.", id="empty"),
        pytest.param(b"hello", "a.jpg is not a photo in a known format.", id="text with a photo's name"),
    ],
)
def test_a_file_that_is_no_photo_is_skipped_with_its_reason(tmp_path: Path, content: bytes, reason: str) -> None:
    put(tmp_path / "cat/a.jpg", content)
    put(tmp_path / "cat/b.jpg")
    found = scan(tmp_path)
    assert [p.path.name for p in found.photos] == ["b.jpg"]
    assert [str(s.reason) for s in found.skipped] == [reason]


def test_the_name_of_a_file_is_not_trusted_its_first_bytes_are(tmp_path: Path) -> None:
    put(tmp_path / "cat/photo", PNG)
    assert [p.path.name for p in scan(tmp_path).photos] == ["photo"]


def test_links_out_of_the_folder_are_not_followed(tmp_path: Path) -> None:
    outside = put(tmp_path / "outside/secret.jpg")
    put(tmp_path / "set/cat/a.jpg")
    (tmp_path / "set/cat/b.jpg").symlink_to(outside)
    (tmp_path / "set/cat/loop").symlink_to(tmp_path / "set/cat")
    (tmp_path / "set/dog").symlink_to(outside.parent)
    found = scan(tmp_path / "set")
    assert found.classes == ("cat",)
    assert [p.path.name for p in found.photos] == ["a.jpg"]
    assert [str(s.reason) for s in found.skipped] == ["b.jpg is a link to a file outside the folder."]


def test_a_folder_without_classes_is_an_error(tmp_path: Path) -> None:
    put(tmp_path / "a.jpg")
    with pytest.raises(DatasetError, match="has no class folders"):
        scan(tmp_path)
    with pytest.raises(DatasetError, match="is not a folder"):
        scan(tmp_path / "a.jpg")


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        pytest.param((5,), "only one class", id="one class"),
        pytest.param((5, 1), "Class class1 has 1 usable photos", id="one photo"),
        pytest.param((0, 5), "Class class0 has 0 usable photos", id="no photo"),
    ],
)
def test_too_little_to_train_on_is_an_error(counts: tuple[int, ...], message: str) -> None:
    with pytest.raises(DatasetError, match=message):
        require_trainable(made_of(*counts))


def test_a_split_takes_the_same_share_of_each_class() -> None:
    train, val = split(made_of(20, 100, 2), validation=0.15, seed=3)
    assert val.counts() == (3, 15, 1)
    assert train.counts() == (17, 85, 1)
    assert not set(train.photos) & set(val.photos)


def test_a_split_depends_on_its_seed_alone() -> None:
    whole = made_of(50, 50)
    assert split(whole, seed=1) == split(whole, seed=1)
    assert split(whole, seed=1) != split(whole, seed=2)


@pytest.mark.parametrize("share", [0.0, 1.0, -1.0])
def test_a_split_without_a_side_is_an_error(share: float) -> None:
    with pytest.raises(DatasetError, match="between 0 and 1"):
        split(made_of(5, 5), validation=share)


def test_train_and_val_folders_are_taken_as_they_are(tmp_path: Path) -> None:
    for name in ("train/a/1.jpg", "train/a/2.jpg", "train/b/1.jpg", "train/b/2.jpg", "val/a/9.jpg", "val/b/9.jpg"):
        put(tmp_path / name)
    train, val = scan_for_training(tmp_path, validation=0.15, seed=0)
    assert (train.counts(), val.counts()) == ((2, 2), (1, 1))
    put(tmp_path / "val/c/9.jpg")
    with pytest.raises(DatasetError, match="different classes: c"):
        scan_for_training(tmp_path, validation=0.15, seed=0)


def test_extra_photos_join_the_class_of_the_same_name(tmp_path: Path) -> None:
    for name in ("set/a/1.jpg", "set/b/1.jpg", "more/b/2.jpg"):
        put(tmp_path / name)
    joined = with_extra(scan(tmp_path / "set"), scan(tmp_path / "more"))
    assert Counter(p.label for p in joined.photos) == {0: 1, 1: 2}
    put(tmp_path / "more/c/1.jpg")
    with pytest.raises(DatasetError, match="lack: c"):
        with_extra(scan(tmp_path / "set"), scan(tmp_path / "more"))


def test_photos_that_break_when_decoded_join_the_skipped() -> None:
    whole = made_of(3, 3)
    broken = whole.photos[1].path
    rest = whole.without({broken: Message("1.jpg is cut off.", {})})
    assert rest.counts() == (2, 3)
    assert [(s.path, str(s.reason)) for s in rest.skipped] == [(broken, "1.jpg is cut off.")]
