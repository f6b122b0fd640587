"""Labelled photos from folders, tables and zips: what is used, what is skipped and why, and zips made to harm."""

import io
import stat
import time
import unicodedata
import zipfile
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path

import pytest

from lib.datasets.labelled import LabelledPhotos
from lib.datasets.reading import read_all, read_labelled, read_parts, read_unlabelled, read_zip
from lib.errors import DatasetError, PhotoError, UsageError
from lib.messages import Message
from lib.photos import zipped
from tests.fuzz.photos import whole
from tests.support.pictures import BLUE, GREEN, RED, encode, noise, plain

JPEG = b"\xff\xd8\xff\xe0" + bytes(20)


def jpeg(number: int) -> bytes:
    """Return bytes that start like a JPEG and differ by `number`."""
    return JPEG + bytes([number])


def put(folder: Path, files: Mapping[str, bytes]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def pack(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in files.items():
            packed.writestr(name, content)
    return buffer.getvalue()


def told(photos: LabelledPhotos) -> dict[str, str]:
    return {skipped.file: str(skipped.reason) for skipped in photos.skipped}


def names(photos: LabelledPhotos) -> list[tuple[str, str]]:
    return [(photo.source.name, photos.classes[photo.label]) for photo in photos.photos]


PLAIN = {"dog/b.jpg": jpeg(1), "cat/a.jpg": jpeg(2), "cat/deeper/c.jpg": jpeg(3)}


def test_a_folder_of_class_folders(tmp_path: Path) -> None:
    photos = read_labelled(put(tmp_path / "pets", PLAIN))
    assert (photos.name, photos.classes, photos.counts()) == ("pets", ("cat", "dog"), (2, 1))
    assert names(photos) == [("cat/a.jpg", "cat"), ("cat/deeper/c.jpg", "cat"), ("dog/b.jpg", "dog")]
    assert photos.photos[2].source.read() == jpeg(1)
    assert (photos.skipped, photos.notes) == ((), ())


def test_a_zip_reads_like_the_folder_it_was_made_of(tmp_path: Path) -> None:
    folder, packed = read_labelled(put(tmp_path / "pets", PLAIN)), read_zip(pack(PLAIN), "pets.zip")
    assert names(packed) == names(folder)
    assert [p.source.read() for p in packed.photos] == [p.source.read() for p in folder.photos]


def test_a_zip_on_disk_is_read_too(tmp_path: Path) -> None:
    file = tmp_path / "pets.zip"
    file.write_bytes(pack(PLAIN))
    assert names(read_labelled(file)) == names(read_zip(pack(PLAIN), "pets.zip"))


@pytest.mark.parametrize(
    ("files", "classes"),
    [
        pytest.param({f"pets/{name}": data for name, data in PLAIN.items()}, ("cat", "dog"), id="one folder around"),
        pytest.param({f"a/b/{name}": data for name, data in PLAIN.items()}, ("cat", "dog"), id="two folders around"),
        pytest.param({**PLAIN, "README.txt": b"x"}, ("cat", "dog"), id="a text beside the classes"),
        pytest.param({f"p/{n}": d for n, d in PLAIN.items()} | {"x.txt": b"x"}, ("cat", "dog"), id="and both"),
        pytest.param({"cat/a.jpg": jpeg(1), "cat/more/b.jpg": jpeg(2)}, ("cat",), id="photos in it: a class"),
        pytest.param(
            {"set/labels.csv": b"file,label\na.jpg,x\nb.jpg,y\n", "set/a.jpg": jpeg(1), "set/b.jpg": jpeg(2)},
            ("x", "y"), id="a folder around a table",
        ),
    ],
)  # fmt: skip
def test_folders_around_everything_in_a_zip_are_no_classes(
    files: Mapping[str, bytes], classes: tuple[str, ...]
) -> None:
    assert read_zip(pack(files), "x.zip").classes == classes


@pytest.mark.parametrize("name", ["set", "deeper/set", "a/b/c/set"])
def test_folders_around_everything_in_a_folder_are_no_classes(tmp_path: Path, name: str) -> None:
    put(tmp_path / name, PLAIN)
    assert read_labelled(tmp_path).classes == ("cat", "dog")


@pytest.mark.parametrize(
    ("names", "used"),
    [
        (("train", "val"), "val"),
        (("train", "valid", "test"), "valid"),
        (("Training", "Validation"), "Validation"),
        (("train", "test"), "test"),
        (("training_set", "test_set"), "test_set"),
        (("dev", "test", "train"), "dev"),
        (("valid", "test"), "valid"),
    ],
)
def test_of_the_parts_of_a_set_the_photos_for_validation_are_used(names: tuple[str, ...], used: str) -> None:
    files = {f"{part}/{label}/{part}.jpg": jpeg(i) + label.encode() for i, part in enumerate(names) for label in "ab"}
    for photos in (read_zip(pack(files), "x.zip"), read_zip(pack({f"set/{n}": d for n, d in files.items()}), "x.zip")):
        assert photos.classes == ("a", "b")
        assert {photo.source.name.rpartition("/")[2] for photo in photos.photos} == {f"{used}.jpg"}
        assert f"the photos in {used} are used" in str(photos.notes[0])


def test_a_part_without_class_folders_as_of_a_contest_is_no_part() -> None:
    photos = read_zip(pack({"train/a/1.jpg": jpeg(1), "train/b/2.jpg": jpeg(2), "test/3.jpg": jpeg(3)}), "x.zip")
    assert (photos.classes, len(photos.photos)) == (("a", "b"), 2)
    with pytest.raises(DatasetError, match=r"2\.jpg is not in a class folder"):
        read_zip(pack({"train/1.jpg": jpeg(1), "test/2.jpg": jpeg(2)}), "x.zip")


def test_classes_of_such_names_beside_others_are_classes() -> None:
    assert read_zip(pack({"train/1.jpg": jpeg(1), "plane/2.jpg": jpeg(2)}), "x.zip").classes == ("plane", "train")


BESIDE = {f"{part}/{name}/1.jpg": jpeg(number) for number, (part, name) in enumerate(
    product(("train", "val", "broken"), ("cat", "dog")), start=1
)}  # fmt: skip


def test_what_stands_beside_the_parts_is_left_out_and_named(tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_bytes(pack(BESIDE))
    train, held_out = read_parts(tmp_path / "x.zip")
    assert held_out is not None
    assert [photo.source.name for photo in (*train.photos, *held_out.photos)] == [
        "train/cat/1.jpg", "train/dog/1.jpg", "val/cat/1.jpg", "val/dog/1.jpg",
    ]  # fmt: skip
    for photos in (train, read_zip(pack(BESIDE), "x.zip")):
        assert list(map(str, (skipped.reason for skipped in photos.skipped))) == [
            "broken was left out, because x.zip is divided into train, val."
        ]


def test_all_photos_are_those_beside_the_parts_too_by_the_folder_they_lie_in(tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_bytes(pack({**BESIDE, "odd/3.jpg": jpeg(9), "broken/cat/cut.jpg": jpeg(8)[:90]}))
    every = read_all(tmp_path / "x.zip")
    assert every.classes == ("cat", "dog", "odd")
    assert Counter(photo.label for photo in every.photos) == {0: 4, 1: 3, 2: 1}
    assert not every.skipped


def test_of_a_zip_for_one_class_each_file_that_is_no_photo_is_named(tmp_path: Path) -> None:
    files = {
        "a/1.jpg": jpeg(1),
        "notes.txt": b"no photo",
        "a/2.jpg": b"",
        "__MACOSX/a/._1.jpg": b"x",
        ".DS_Store": b"x",
    }
    (tmp_path / "x.zip").write_bytes(pack(files))
    photos, skipped = read_unlabelled(tmp_path / "x.zip", "x.zip")
    assert [photo.name for photo in photos] == ["a/1.jpg"]
    assert sorted(one.file for one in skipped) == ["a/2.jpg", "notes.txt"]


@pytest.mark.parametrize("other", ["val/1.jpg", "train/b/2.jpg", "training/a/1.jpg"])
def test_a_class_that_is_called_as_a_part_is_a_class_among_others(other: str) -> None:
    photos = read_zip(pack({"train/a/1.jpg": jpeg(1), other: jpeg(2), "plane/c/3.jpg": jpeg(3)}), "x.zip")
    assert photos.classes == tuple(sorted({"train", "plane", other.split("/")[0]}))


def test_an_empty_folder_is_left_out_and_said(tmp_path: Path) -> None:
    put(tmp_path / "set", PLAIN)
    (tmp_path / "set" / "bird").mkdir()
    assert told(read_labelled(tmp_path / "set")) == {"bird": "bird is empty."}


def test_folders_too_deep_are_left_out_and_said(tmp_path: Path) -> None:
    put(tmp_path / "set", PLAIN | {"cat/" + "a/" * 50 + "p.jpg": jpeg(9)})
    assert "more than 32 folders deep" in next(iter(told(read_labelled(tmp_path / "set")).values()))


def test_what_is_skipped_is_listed_with_its_reason(tmp_path: Path) -> None:
    files = {
        **PLAIN, "cat/empty.jpg": b"", "cat/notes.txt": b"no photo", "loose.jpg": jpeg(9), ".hidden/a.jpg": jpeg(8),
        "cat/Thumbs.db": b"x", "README.md": b"x",
    }  # fmt: skip
    photos = read_labelled(put(tmp_path / "pets", files))
    assert len(photos.photos) == 3
    assert told(photos) == {
        "cat/empty.jpg": "cat/empty.jpg is empty.",
        "cat/notes.txt": "cat/notes.txt is not a photo in a supported format.",
        "loose.jpg": "loose.jpg is not in a class folder.",
    }


def test_a_photo_of_every_kind_that_can_be_opened_is_used() -> None:
    photos = read_zip(pack({f"{kind}/1.jpg": data for kind, data in whole().items()}), "x.zip")
    assert (set(photos.classes), photos.skipped) == (set(whole()), ())


def test_links_out_of_the_folder_are_not_followed(tmp_path: Path) -> None:
    outside = put(tmp_path / "outside", {"secret.jpg": jpeg(1)})
    folder = put(tmp_path / "set", PLAIN)
    (folder / "cat" / "link.jpg").symlink_to(outside / "secret.jpg")
    (folder / "bird").symlink_to(outside)
    assert told(read_labelled(folder)) == {
        "bird": "bird is a link to a folder. Links are not followed.",
        "cat/link.jpg": "cat/link.jpg is a link to a file outside the folder.",
    }


def test_one_class_only_is_allowed_and_said(tmp_path: Path) -> None:
    photos = read_labelled(put(tmp_path / "set", {"cat/a.jpg": jpeg(1)}))
    assert [str(note) for note in photos.notes] == [
        "All photos belong to one class (cat), so confusion with other classes cannot be measured."
    ]


def test_the_same_photo_in_two_classes_is_used_in_neither(tmp_path: Path) -> None:
    photos = read_labelled(put(tmp_path / "set", {**PLAIN, "cat/same.jpg": jpeg(7), "dog/other.jpg": jpeg(7)}))
    assert len(photos.photos) == 3
    assert told(photos) == {
        "cat/same.jpg": "cat/same.jpg is the same photo as dog/other.jpg in another class. "
        "Neither is used.",
        "dog/other.jpg": "dog/other.jpg is the same photo as cat/same.jpg in another class. "
        "Neither is used.",
    }  # fmt: skip


def test_the_same_photo_twice_in_one_class_counts_twice_and_is_said() -> None:
    photos = read_zip(pack({**PLAIN, "dog/copy.jpg": jpeg(1)}), "x.zip")
    assert photos.counts() == (2, 2)
    assert str(photos.notes[0]) == ("Copies of the same photo in the same class: 1. Each copy is counted.")


def test_a_class_all_of_whose_files_are_skipped_is_none(tmp_path: Path) -> None:
    assert read_labelled(put(tmp_path / "set", {**PLAIN, "bird/x.jpg": b""})).classes == ("cat", "dog")


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        pytest.param({"README.md": b"x"}, "has no class folders", id="no folder, no photo"),
        pytest.param(
            {"a.jpg": JPEG}, "no usable photo with a known class.*a.jpg is not in a class folder", id="all loose"
        ),
        pytest.param({"cat/a.jpg": b""}, "cat/a.jpg is empty", id="only an empty file"),
    ],
)
def test_a_folder_without_labelled_photos_is_an_error(
    tmp_path: Path, files: Mapping[str, bytes], reason: str
) -> None:  # fmt: skip
    with pytest.raises(DatasetError, match=reason):
        read_labelled(put(tmp_path / "set", files))


def test_what_is_neither_folder_nor_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="neither a folder nor a zip"):
        read_labelled(tmp_path / "nowhere")


def test_too_many_classes_are_an_error(tmp_path: Path) -> None:
    table = "file,label\n" + "".join(f"{i}.jpg,c{i}\n" for i in range(1001))
    files = {f"{i}.jpg": JPEG + i.to_bytes(2) for i in range(1001)}
    with pytest.raises(DatasetError, match="1001 class"):
        read_zip(pack({"labels.csv": table.encode(), **files}), "x.zip")


def tabled(table: bytes, **more: bytes) -> LabelledPhotos:
    files = {"a.jpg": jpeg(1), "b.jpg": jpeg(2), "deep/c.jpg": jpeg(3), "labels.csv": table, **more}
    return read_zip(pack(files), "x.zip")


@pytest.mark.parametrize(
    "table",
    [
        pytest.param(b"file,label\na.jpg,cat\nb.jpg,dog\ndeep/c.jpg,cat\n", id="plain"),
        pytest.param(b"\xef\xbb\xbffile,label\r\na.jpg,cat\r\nb.jpg,dog\r\ndeep/c.jpg,cat\r\n", id="as Excel saves it"),
        pytest.param(b"file;label\na.jpg;cat\nb.jpg;dog\ndeep\\c.jpg;cat\n", id="semicolons, backslash"),
        pytest.param(b"Label, File\ncat, a.jpg\ndog, ./b.jpg\ncat, deep/c.jpg\n", id="other order, spaces"),
        pytest.param(b"sep=;\r\nfile;label\r\na.jpg;cat\r\nb.jpg;dog\r\ndeep/c.jpg;cat\r\n", id="Excel's sep line"),
        pytest.param(b'\xef\xbb\xbf"sep=|"\nfile|label\na.jpg|cat\nb.jpg|dog\ndeep/c.jpg|cat', id="quoted, BOM"),
        pytest.param(b"SEP=,\rfile,label\ra.jpg,cat\rb.jpg,dog\rdeep/c.jpg,cat\r", id="sep line, old Mac's lines"),
        pytest.param(b"file\tlabel\na.jpg\tcat\nb.jpg\tdog\ndeep/c.jpg\tcat\n", id="tabs"),
        pytest.param("file\tlabel\na.jpg\tcat\nb.jpg\tdog\ndeep/c.jpg\tcat\n".encode("utf-16"), id="Unicode text"),
        pytest.param(
            b'file,note,label\na.jpg,"two\nlines, and ""quotes""",cat\nb.jpg,,dog\ndeep/c.jpg,x,cat\n', id="quoted"
        ),
        pytest.param(b"file,label\nA.JPG,cat\nb.jpg,dog\nDeep/C.jpg,cat\n\n", id="other capitals, a blank line"),
        pytest.param(b"file,label\na.jpg,cat\nb.jpg,dog\ndeep/c.jpg,Cat\na.jpg,cat\n", id="a class in other capitals"),
    ],
)
def test_labels_from_a_table(table: bytes) -> None:
    photos = tabled(table)
    assert names(photos) == [("a.jpg", "cat"), ("deep/c.jpg", "cat"), ("b.jpg", "dog")]
    assert photos.skipped == ()


def test_names_that_macos_took_apart_are_found() -> None:
    table = "file,label\n고양이.jpg,cat\n".encode()
    apart = unicodedata.normalize("NFD", "고양이.jpg")
    assert names(read_zip(pack({"labels.csv": table, apart: jpeg(1)}), "x.zip")) == [(apart, "cat")]


@pytest.mark.parametrize(
    ("word", "encoding"), [("고양이", "cp949"), ("ねこ", "cp932"), ("Käfer", "cp1252"), ("кошка", "cp1251")]
)
def test_a_table_in_a_systems_own_encoding_is_read_and_that_is_said(word: str, encoding: str) -> None:
    photos = tabled(f"file,label\na.jpg,{word}\nb.jpg,dog\ndeep/c.jpg,dog\n".encode(encoding))
    assert set(photos.classes) == {word, "dog"}
    assert "is not UTF-8 text" in str(photos.notes[0])


def test_names_that_differ_in_capitals_or_unicode_form_alone_are_one_class() -> None:
    apart = unicodedata.normalize("NFD", "Käfer")
    photos = read_zip(pack({"Käfer/1.jpg": jpeg(1), f"{apart}/2.jpg": jpeg(2), "käfer/3.jpg": jpeg(3)}), "x.zip")
    assert (photos.classes, photos.counts()) == (("Käfer",), (3,))
    assert str(photos.notes[0]) == "Käfer, käfer differ only in capital letters, so they count as one class."


def test_of_a_table_with_wordnet_ids_these_are_the_classes_and_labels_the_titles() -> None:
    photos = tabled(
        b"file,wnid,label,imagenet_index\na.jpg,n02012849,crane,134\nb.jpg,n03126707,crane,517\n"
        b"deep/c.jpg,n01496331,electric_ray,5\n"
    )
    assert photos.classes == ("n01496331", "n02012849", "n03126707")
    assert photos.titles == ("electric ray", "crane (n02012849)", "crane (n03126707)")


def test_lines_of_a_table_that_cannot_be_used_are_listed() -> None:
    photos = tabled(
        b"file,label\na.jpg,cat\nb.jpg,cat\nb.jpg,dog\ngone.jpg,cat\n../../etc/passwd,cat\n,cat\nx.jpg\na.jpg,cat\n",
        **{"unlisted.jpg": jpeg(5)},
    )  # fmt: skip
    assert names(photos) == [("a.jpg", "cat")]
    reasons = [str(skipped.reason) for skipped in photos.skipped]
    assert sorted(reasons) == [
        "../../etc/passwd is listed in labels.csv but was not found.",
        "Line 7 of labels.csv has no file or no class.",
        "Line 8 of labels.csv has no file or no class.",
        "b.jpg is listed in labels.csv under several classes. It is not used.",
        "deep/c.jpg is not listed in labels.csv.",
        "gone.jpg is listed in labels.csv but was not found.",
        "unlisted.jpg is not listed in labels.csv.",
    ]


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        pytest.param(b"name,what\na.jpg,cat\n", "needs the columns file and label .*It has: name, what", id="columns"),
        pytest.param(b"", "needs the columns", id="empty"),
        pytest.param(b"file,label\n" + b"a.jpg,cat\n" * 100_001, "more than 100000 lines", id="too many lines"),
        pytest.param(
            b'file,label\n"' + b"x" * 200_000 + b'",cat\n', "field larger than field limit", id="an endless field"
        ),
    ],
)
def test_a_table_that_cannot_be_read_is_an_error(table: bytes, reason: str) -> None:
    with pytest.raises(DatasetError, match=reason):
        tabled(table)


def test_a_table_of_too_many_bytes_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lib.datasets.table.MAX_TABLE_BYTES", 20)
    with pytest.raises(DatasetError, match="is larger than"):
        tabled(b"file,label\na.jpg,cat\n")


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("../evil.jpg", "its name points outside the zip"),
        ("cat/../../evil.jpg", "its name points outside the zip"),
        ("/etc/evil.jpg", "its name points outside the zip"),
        ("C:\\evil.jpg", "its name points outside the zip"),
        ("..\\evil.jpg", "its name points outside the zip"),
        ("cat/more.zip", "is a zip inside the zip"),
    ],
)
def test_a_zips_harmful_names_are_refused_and_the_rest_is_read(name: str, reason: str) -> None:
    photos = read_zip(pack({**PLAIN, name: jpeg(9)}), "x.zip")
    assert len(photos.photos) == 3
    assert [reason in str(skipped.reason) for skipped in photos.skipped] == [True]


def test_a_link_in_a_zip_is_not_followed() -> None:
    buffer = io.BytesIO(pack(PLAIN))
    with zipfile.ZipFile(buffer, "a") as packed:
        link = zipfile.ZipInfo("cat/link.jpg")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        packed.writestr(link, "/etc/passwd")
    assert told(read_zip(buffer.getvalue(), "x.zip")) == {
        "cat/link.jpg": "cat/link.jpg is a link in the zip. Links are not followed."
    }


def test_a_file_with_a_password_is_refused() -> None:
    data = bytearray(pack({"cat/a.jpg": jpeg(1), "dog/b.jpg": jpeg(2)}))
    for signature, flag_at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):  # first local header, first central one
        data[data.index(signature) + flag_at] |= 1
    assert told(read_zip(bytes(data), "x.zip")) == {
        "cat/a.jpg": "cat/a.jpg is protected by a password. Save the zip without one."
    }


def test_a_bomb_is_not_unpacked_and_the_rest_is_read() -> None:
    photos = read_zip(pack({**PLAIN, "cat/bomb.jpg": JPEG + bytes(30_000_000)}), "x.zip")
    assert len(photos.photos) == 3
    assert "more than 100 times its size" in told(photos)["cat/bomb.jpg"]


def test_a_file_larger_than_a_photo_may_be_is_read_no_further(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zipped, "MAX_BYTES", 1000)
    packed = zipped.Zip(pack({"cat/a.jpg": JPEG + bytes(2000)}), "x.zip")
    with pytest.raises(PhotoError, match="too large"):
        packed.read(packed.members[0], limit=1000)


def claiming(size: int) -> bytes:
    """Return a zip of two photos whose table of contents gives `size` for the first."""
    data = bytearray(pack({"cat/a.png": encode(noise(40, 30), "PNG"), "dog/b.png": encode(plain(RED), "PNG")}))
    at = data.index(b"PK\x01\x02") + 24  # uncompressed size in the first central header
    data[at : at + 4] = size.to_bytes(4, "little")
    return bytes(data)


def test_a_size_that_is_claimed_too_small_costs_that_photo() -> None:
    photos = read_zip(claiming(50), "x.zip")
    assert [photo.source.read() for photo in photos.photos] == [encode(plain(RED), "PNG")]
    assert told(photos) == {"cat/a.png": "cat/a.png in the zip is damaged."}


def test_a_size_that_is_claimed_too_large_costs_nothing_as_real_bytes_count() -> None:
    assert read_zip(claiming(1_000_000), "x.zip").photos[0].source.read() == encode(noise(40, 30), "PNG")


def test_too_many_files_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zipped, "MAX_ENTRIES", 2)
    with pytest.raises(DatasetError, match=r"contains 3 files\. At most 2"):
        read_zip(pack(PLAIN), "x.zip")


def test_more_bytes_than_photos_need_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zipped, "MAX_TOTAL_BYTES", 60)
    with pytest.raises(DatasetError, match="would unpack to more than"):
        read_zip(pack(PLAIN), "x.zip")


@pytest.mark.parametrize("data", [b"", b"no zip", pack(PLAIN)[:-30]], ids=["empty", "text", "cut off"])
def test_what_is_no_zip_is_an_error(data: bytes) -> None:
    with pytest.raises(DatasetError, match=r"x\.zip is not a zip file, or it is damaged"):
        read_zip(data, "x.zip")


def test_damage_inside_costs_one_photo() -> None:
    data = bytearray(pack({"cat/a.png": encode(noise(200, 150), "PNG"), "dog/b.png": encode(plain(RED), "PNG")}))
    data[50_000] ^= 0xFF  # the photo's first bytes are whole, so it is found to be damaged when it is read
    photos = read_zip(bytes(data), "x.zip")
    assert photos.photos[1].source.read() == encode(plain(RED), "PNG")
    with pytest.raises(PhotoError, match=r"a\.png in the zip is damaged"):
        photos.photos[0].source.read()


def test_what_macos_adds_is_passed_over_in_silence() -> None:
    photos = read_zip(pack({**PLAIN, "__MACOSX/cat/._a.jpg": b"x", "cat/.DS_Store": b"x"}), "x.zip")
    assert (len(photos.photos), photos.skipped) == (3, ())


def test_copies_in_two_classes_are_found_in_linear_time() -> None:
    files = {f"cat/{number}.jpg": JPEG for number in range(20_000)} | {"dog/x.jpg": JPEG, "dog/y.jpg": jpeg(1)}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        for name, content in files.items():
            packed.writestr(name, content)
    began = time.process_time()
    photos = read_zip(buffer.getvalue(), "x.zip")
    assert time.process_time() - began < 5
    assert names(photos) == [("dog/y.jpg", "dog")]
    assert len(photos.skipped) == 1000
    assert str(photos.notes[-1]) == ("More skipped files: 19001. Only the first 1000 are listed.")


def test_thousands_of_nested_folders_are_refused_at_once() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        packed.writestr("a/" * 16_000 + "cat/p.jpg", JPEG)
        for name, content in PLAIN.items():
            packed.writestr(name, content)
    photos = read_zip(buffer.getvalue(), "x.zip")
    assert len(photos.photos) == 3
    (skipped,) = photos.skipped
    assert len(skipped.file) < 300
    assert "more than 32 folders deep" in str(skipped.reason)


def test_a_zip_is_read_by_several_threads_at_once() -> None:
    files = {f"c{i % 3}/{i}.png": encode(noise(40, 30, seed=i), "PNG") for i in range(60)}
    photos = read_zip(pack(files), "x.zip")
    with ThreadPoolExecutor(8) as pool:
        contents = list(pool.map(lambda photo: photo.source.read(), photos.photos))
    assert contents == [files[photo.source.name] for photo in photos.photos]


def test_broken_photos_join_the_skipped() -> None:
    files = {f"{name}/a.png": encode(plain(colour), "PNG") for name, colour in (("r", RED), ("g", GREEN), ("b", BLUE))}
    photos = read_zip(pack(files), "x.zip").without({1: Message("g is broken.")})
    assert names(photos) == [("b/a.png", "b"), ("r/a.png", "r")]
    assert told(photos) == {"g/a.png": "g is broken."}


def test_folders_of_other_things_are_sources_and_no_classes(tmp_path: Path) -> None:
    names = ("cat/1", "_other/2", "_other/phone/3", "_other/phone/deep/4", "_elsewhere/cat/5")
    for index, name in enumerate(names):
        path = tmp_path / "set" / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encode(plain(RED, 12 + index), "PNG"))
    found = read_labelled(tmp_path / "set")
    assert found.classes == ("_elsewhere/cat", "_other", "_other/phone", "cat")
    assert found.counts() == (1, 1, 2, 1)
    assert any("one class (cat)" in str(note) for note in found.notes)
    train, _ = read_parts(tmp_path / "set")
    assert train.classes == ("_elsewhere", "_other", "cat")  # whoever trains on it says what it means
