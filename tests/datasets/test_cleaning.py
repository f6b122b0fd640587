"""What is wrong with a set of photos: found, said in sentences, and the lesson of a well-known rule."""

import shutil
from pathlib import Path

from lib.datasets.cleaning import Cleaning, examine
from lib.datasets.labelled import LabelledPhoto, LabelledPhotos
from lib.datasets.reading import read_all, read_labelled
from lib.messages import Message
from lib.photos.source import Skipped, Source
from tests.datasets.test_duplicates import scene
from tests.support.pictures import encode, noise

CUT = encode(noise(64, 64), "JPEG")[:900]


def photo(seed: int) -> bytes:
    return encode(noise(40, 30, seed), "PNG")


def made_of(classes: dict[str, list[bytes]], *skipped: str) -> Cleaning:
    photos = tuple(
        LabelledPhoto(Source.of_bytes(data, f"{name}{number}"), label)
        for label, (name, each) in enumerate(classes.items())
        for number, data in enumerate(each)
    )
    left_out = tuple(Skipped(name, Message("{file} is empty.", {"file": name})) for name in skipped)
    return examine(LabelledPhotos("set", tuple(classes), tuple(classes), photos, left_out))


def said(cleaning: Cleaning) -> list[str]:
    return [str(message) for message in cleaning.said()]


def test_a_good_set_needs_no_words() -> None:
    good = {name: [photo(start + n) for n in range(10)] for name, start in (("a", 0), ("b", 20))}
    assert said(made_of(good)) == []


def test_every_broken_file_is_listed_with_its_reason_and_costs_no_other() -> None:
    found = made_of({"a": [photo(1), CUT, b"", b"text"], "b": [photo(2)]}, "c.jpg")
    assert [str(one.reason) for one in found.broken] == [
        "c.jpg is empty.",
        "a1 is incomplete: the end of the photo is missing.",
        "a2 is empty.",
        "a3 is not a photo. Supported: JPEG, PNG, WebP, GIF, BMP, TIFF, HEIC, AVIF.",
    ]
    assert found.counts == (1, 1)
    assert said(found)[0] == "Files that cannot be used: 4. Each is listed with its reason."


def test_copies_count_once() -> None:
    found = made_of({"a": [photo(1), photo(1), photo(2)], "b": [photo(3)]})
    assert [[one.name for one in group] for group in found.copies] == [["a0", "a1"]]
    assert found.counts == (2, 1)
    assert "Copies of photos: 1. Each photo is counted once." in said(found)


def test_the_same_photo_in_two_classes_is_named() -> None:
    same = scene()
    found = made_of(
        {"a": [photo(1), encode(same, "PNG")], "b": [encode(same, "JPEG", quality=90), photo(1)]},
    )
    assert [[one.name for one in group] for group in found.in_two_classes] == [["a0", "b1"]]
    assert [(one.name, other.name) for one, other in found.alike_in_two_classes] == [("a1", "b0")]
    assert "The same photo is in two classes: a0 = b1. Take it out of one of them." in said(found)
    assert "Nearly the same photo is in two classes: a1 = b0. Check which class is right." in said(found)


def test_photos_that_are_nearly_the_same_are_groups() -> None:
    frames = [encode(scene(), "JPEG", quality=quality) for quality in (60, 80, 95)]
    found = made_of({"a": [*frames, photo(1)], "b": [photo(2)]})
    assert [[one.name for one in group] for group in found.alike] == [["a0", "a1", "a2"]]
    assert said(found)[-1].startswith("Photos that are nearly the same: 3, in 1 groups.")


def test_few_photos_one_class_and_uneven_classes_are_said() -> None:
    assert said(made_of({"a": [photo(n) for n in range(10)]})) == [
        "There is only one class. Add another one, so that there is something to tell apart."
    ]
    found = made_of({"a": [photo(n) for n in range(12)], "b": [photo(20 + n) for n in range(4)]})
    assert said(found) == [
        "Class b has only 4 photos. With 10 or more it is learnt better.",
        "Class a has 12 photos, class b only 4. A model then answers a too often. Add photos of b.",
    ]


def test_the_rule_throws_healthy_photos_away_and_keeps_broken_ones() -> None:
    jpeg = encode(scene(), "JPEG")
    exif_first = jpeg[:2] + b"\xff\xe1\0\x06Exif" + jpeg[20:]  # as cameras write it: no JFIF anywhere
    lesson = made_of({"a": [jpeg, exif_first, photo(1)], "b": [CUT, b"x"]}, "c.jpg").lesson
    assert (lesson.files, lesson.lost, lesson.kept, lesson.rightly) == (6, ("a1", "a2"), ("b0",), 2)
    rule, ours = map(str, lesson.said())
    assert "it would delete 2 healthy photos, and keep 1 that cannot be opened" in rule
    assert "finds all 3" in ours
    (fine,) = made_of({"a": [jpeg]}).lesson.said()
    assert "would do no harm" in str(fine)


def test_the_set_with_broken_files(shared: Path, tmp_path: Path) -> None:
    cats_and_dogs = shared / "datasets" / "cats-vs-dogs"
    for name in ("cat", "dog"):
        shutil.copytree(cats_and_dogs / "broken" / name, tmp_path / name)
        for path in sorted((cats_and_dogs / "train" / name).iterdir())[:12]:
            shutil.copy(path, tmp_path / name)
    found = examine(read_all(tmp_path))
    assert sorted(one.file for one in found.broken) == [
        f"{name}/{name}_{kind}.jpg" for name in ("cat", "dog") for kind in ("empty", "text", "truncated")
    ]
    healthy = sorted(f"{n}/{n}_{kind}.jpg" for n in ("cat", "dog") for kind in (
        "bmp_named_jpg", "cmyk", "gif_named_jpg", "no_jfif", "png_named_jpg"
    ))  # fmt: skip
    assert sorted(found.lesson.lost) == healthy
    assert sorted(found.lesson.kept) == ["cat/cat_truncated.jpg", "dog/dog_truncated.jpg"]
    assert found.lesson.rightly == 4


def test_a_good_set_has_no_broken_file(shared: Path) -> None:
    found = examine(read_labelled(shared / "datasets" / "ants-vs-bees" / "train"))
    assert (found.counts, found.broken, found.copies, found.alike, found.lesson.lost) == ((122, 121), (), (), (), ())
