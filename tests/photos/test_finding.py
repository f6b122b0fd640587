"""Photos for a run of any size: in files, folders, archives and stores, found in an order that is always the same."""

import errno
import io
import os
import pickle
import subprocess
import sys
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from lib.errors import PhotoError, UsageError
from lib.photos.finding import find
from lib.photos.source import LeftOut, Source, find_photos
from tests.support.stores import Bucket, serve


def forbidden(error: UsageError) -> None:
    raise AssertionError(str(error))


def found(place: object) -> list[tuple[str, str]]:
    return [(each.source.name, each.within) for each in find(str(place), forbidden)]


def sources(place: object) -> dict[str, Source]:
    return {each.source.name: each.source for each in find(str(place), forbidden)}


def tar(files: Mapping[str, bytes], form: int = tarfile.PAX_FORMAT, mode: str = "w") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode, format=form) as archive:  # type: ignore[call-overload]
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return buffer.getvalue()


def laid(folder: Path, files: Mapping[str, bytes]) -> Path:
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


FILES = {"b.jpg": b"b", "a/2.PNG": b"a2", "a/10.jpg": b"a10", "a.jpg": b"a", "notes.txt": b"no", ".git/x.jpg": b"no"}


# Folders -------------------------------------------------------------------------------------------------------------


def test_a_folder_gives_its_photos_sorted_and_where_they_are_within_it(tmp_path: Path) -> None:
    laid(tmp_path, FILES)
    names = ["a/10.jpg", "a/2.PNG", "a.jpg", "b.jpg"]  # "a" before "a.jpg", as paths are sorted
    assert found(tmp_path) == [(str(tmp_path / name), name) for name in names]
    assert [source.name for source in find_photos(tmp_path)] == [str(tmp_path / name) for name in names]
    assert [source.name for source in find_photos(tmp_path)] == sorted(
        (str(tmp_path / name) for name in names), key=Path
    )


def test_a_link_to_a_file_is_followed_and_one_to_a_folder_is_not(tmp_path: Path) -> None:
    laid(tmp_path, {"a/1.jpg": b"1"})
    (tmp_path / "a" / "circle").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "2.jpg").symlink_to(tmp_path / "a" / "1.jpg")
    assert [within for _, within in found(tmp_path)] == ["2.jpg", "a/1.jpg"]
    assert [within for _, within in found(tmp_path.as_uri())] == ["2.jpg", "a/1.jpg"]


def test_what_is_named_is_taken_whatever_it_is(tmp_path: Path) -> None:
    laid(tmp_path, FILES)
    for name in ("notes.txt", "nowhere.jpg", "nowhere.tar"):
        assert found(tmp_path / name) == [(str(tmp_path / name), name)]


def test_a_folder_that_cannot_be_listed_is_told_and_the_rest_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    laid(tmp_path, FILES)
    real = os.scandir

    def scandir(folder: Path) -> object:
        if folder.name == "a":  # nothing is closed to root, as which tests may run
            raise PermissionError(errno.EACCES, "Permission denied", str(folder))
        return real(folder)

    monkeypatch.setattr(os, "scandir", scandir)
    told: list[UsageError] = []
    assert [each.within for each in find(str(tmp_path), told.append)] == ["a.jpg", "b.jpg"]
    assert [str(error) for error in told] == [f"The folder {tmp_path / 'a'} cannot be listed: Permission denied."]


def closed(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Make a folder such that it can be listed and not entered, also for root: chmod 644."""
    real = os.stat

    def stat(path: str | Path, *arguments: Any, **options: Any) -> os.stat_result:
        if folder in Path(path).parents:
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return real(path, *arguments, **options)

    monkeypatch.setattr(os, "stat", stat)


def test_a_folder_that_can_be_listed_and_not_entered_is_told_and_the_rest_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    laid(tmp_path, {**FILES, "a/deep/1.jpg": b"1", "a/x.tar": tar({"1.jpg": b"1"})})
    closed(monkeypatch, tmp_path / "a")
    told: list[UsageError] = []
    photos = {each.within: each.source for each in find(str(tmp_path), told.append)}
    assert list(photos) == ["a/10.jpg", "a/2.PNG", "a/x.tar", "a.jpg", "b.jpg"]
    assert [str(error) for error in told] == [
        f"The folder {tmp_path / 'a' / 'deep'} cannot be listed: Permission denied."
    ]
    for within in ("a/10.jpg", "a/2.PNG", "a/x.tar"):
        with pytest.raises(PhotoError, match=r"cannot be read: permission denied\.$"):
            photos[within].read()
    assert [source.name for source in find_photos(tmp_path)] == [
        str(tmp_path / within) for within in photos if within != "a/x.tar"
    ]


def test_what_is_not_looked_into_is_counted(tmp_path: Path) -> None:
    laid(tmp_path, {**FILES, "a/x.TGZ": b"", "x.tar.gz": b"", "y.zip": b"", "labels.csv.gz": b"", ".hidden.zip": b""})
    for name, target in {
        "link": "a",
        "link.jpg": "a",
        "dangling.png": "none",
        "b.png": "b.jpg",
        "notes": "none",
    }.items():
        (tmp_path / name).symlink_to(tmp_path / target)
    os.mkfifo(tmp_path / "pipe.jpg")
    left_out = LeftOut()
    names = [each.within for each in find(str(tmp_path), forbidden, left_out)]
    assert names == ["a/10.jpg", "a/2.PNG", "a.jpg", "b.jpg", "b.png"]
    assert left_out == LeftOut(archives=3, links=3, others=1)


def test_an_archive_that_is_named_and_not_read_says_which_are(tmp_path: Path) -> None:
    laid(tmp_path, {"x.tgz": tar({"a.jpg": b"a"}, mode="w:gz")})
    for place in (tmp_path / "x.tgz", (tmp_path / "x.tgz").as_uri()):
        (source,) = sources(place).values()
        with pytest.raises(PhotoError, match=r"Uncompressed \.tar archives can"):
            source.read()


def test_no_list_of_all_photos_is_made(tmp_path: Path) -> None:
    laid(tmp_path, {f"{folder:02}/{number:03}.jpg": b"" for folder in range(40) for number in range(50)})
    code = """
import sys, tracemalloc
from lib.photos.finding import find
print(sum(1 for _ in find(sys.argv[1], print)))  # and import and cache what is needed on the way
tracemalloc.start()
sum(1 for _ in find(sys.argv[1], print))
print(tracemalloc.get_traced_memory()[1])
"""
    command = [sys.executable, "-c", code, str(tmp_path)]
    run = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=True)
    count, peak = map(int, run.stdout.split())
    assert count == 2000
    assert peak < 100_000  # 50 bytes a photo; a list of names would take 150


# Archives ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT, tarfile.USTAR_FORMAT])
def test_photos_in_an_archive_are_read_from_where_they_lie(tmp_path: Path, form: int) -> None:
    long = "/".join(["deep" * 10] * 3) + "/c.jpg"
    laid(tmp_path, {"x.tar": tar({"./b.jpg": b"bb", "b.json": b"{}", "a/a.JPG": b"a" * 700, long: b"c"}, form)})
    archive = tmp_path / "x.tar"
    assert found(archive) == [(f"{archive}/{name}", f"x.tar/{name}") for name in ("b.jpg", "a/a.JPG", long)]
    assert [source.read() for source in sources(archive).values()] == [b"bb", b"a" * 700, b"c"]
    assert not [path for path in tmp_path.iterdir() if path != archive]


def test_archives_in_a_folder_are_looked_into(tmp_path: Path) -> None:
    laid(tmp_path, {"a.jpg": b"", "s/0.tar": tar({"1.jpg": b""}), "s/1.TAR": tar({"2.jpg": b""})})
    assert [within for _, within in found(tmp_path)] == ["a.jpg", "s/0.tar/1.jpg", "s/1.TAR/2.jpg"]


def test_what_is_found_can_be_sent_to_another_process(tmp_path: Path) -> None:
    laid(tmp_path, {"a.jpg": b"a", "x.tar": tar({"b.jpg": b"b"})})
    (tmp_path / "broken.tar").write_bytes(b"no tar")
    sent = pickle.loads(pickle.dumps([*sources(tmp_path).values(), *sources((tmp_path / "a.jpg").as_uri()).values()]))
    assert [source.read() for source in (sent[0], sent[2], sent[3])] == [b"a", b"b", b"a"]
    with pytest.raises(PhotoError, match=r"broken\.tar is not a tar archive"):
        sent[1].read()
    assert all(len(pickle.dumps(source)) < 400 for source in sent[:1] + sent[2:])  # a path, no photo


def test_names_in_an_archive_lead_nowhere(tmp_path: Path) -> None:
    names = ["../../etc/a.jpg", "/etc/b.jpg", "..\\..\\c.jpg", "./../d.jpg", "._e.jpg", "x/.git/f.jpg", "../.."]
    laid(tmp_path, {"x.tar": tar({name: name.encode() for name in names})})
    photos = sources(tmp_path / "x.tar")
    assert [name.partition("x.tar/")[2] for name in photos] == ["etc/a.jpg", "etc/b.jpg", "c.jpg", "d.jpg"]
    assert next(iter(photos.values())).read() == b"../../etc/a.jpg"  # its own bytes


def test_links_in_an_archive_are_not_followed(tmp_path: Path) -> None:
    secret = laid(tmp_path, {"secret.jpg": b"secret"}) / "secret.jpg"
    with tarfile.open(tmp_path / "x.tar", "w") as archive:
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE):
            member = tarfile.TarInfo(f"{kind.decode()}.jpg")
            member.type, member.linkname = kind, str(secret)
            archive.addfile(member)
    photos = sources(tmp_path / "x.tar")
    assert len(photos) == 4
    for source in photos.values():
        with pytest.raises(PhotoError, match="is a link or no plain file"):
            source.read()


WHOLE = tar({f"{number}.jpg": b"x" * 600 for number in range(4)})  # 3 blocks of 512 bytes each


@pytest.mark.parametrize(
    ("data", "photos", "sentence"),
    [
        pytest.param(b"", 0, "is not a tar archive", id="empty"),
        pytest.param(b"no archive at all " * 99, 0, "is not a tar archive", id="text"),
        pytest.param(tar({"a.jpg": b"a"}, mode="w:gz"), 0, "it is compressed or damaged", id="compressed"),
        pytest.param(WHOLE[: 3 * 1536 + 700], 4, "4 photos were found in it", id="cut off in a photo"),
        pytest.param(WHOLE[: 3 * 1536 + 100], 3, "3 photos were found in it", id="cut off in a header"),
        pytest.param(
            WHOLE[: 2 * 1536] + b"?" * 512 + WHOLE[2 * 1536 + 512 :], 2, "2 photos were found", id="damaged header"
        ),
    ],
)
def test_a_damaged_archive_gives_what_can_be_found_and_says_so(
    tmp_path: Path, data: bytes, photos: int, sentence: str
) -> None:
    laid(tmp_path, {"x.tar": data})
    *whole, last = sources(tmp_path / "x.tar").values()
    assert (len(whole), last.name) == (photos, str(tmp_path / "x.tar"))
    with pytest.raises(PhotoError, match=sentence):
        last.read()


def test_a_photo_whose_end_is_cut_off_with_its_archive_says_so(tmp_path: Path) -> None:
    laid(tmp_path, {"x.tar": WHOLE[: 3 * 1536 + 700]})
    with pytest.raises(PhotoError, match=r"3\.jpg is incomplete"):
        sources(tmp_path / "x.tar")[f"{tmp_path / 'x.tar'}/3.jpg"].read()


def test_an_archive_may_end_without_the_two_empty_blocks(tmp_path: Path) -> None:
    laid(tmp_path, {"x.tar": WHOLE[: 4 * 1536]})
    assert len(found(tmp_path / "x.tar")) == 4


def test_a_header_that_claims_gigabytes_for_a_name_is_not_read(tmp_path: Path) -> None:
    header = tarfile.TarInfo("././@LongLink")
    header.type, header.size = tarfile.GNUTYPE_LONGNAME, 2**31
    with (tmp_path / "x.tar").open("wb") as file:
        file.write(header.tobuf(tarfile.GNU_FORMAT))
        file.truncate(2**31 + 4096)  # full of holes
    ((name, _),) = found(tmp_path / "x.tar")
    assert name == str(tmp_path / "x.tar")


@pytest.mark.parametrize("form", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
def test_whatever_byte_is_damaged_nothing_but_sentences_come_of_it(tmp_path: Path, form: int) -> None:
    whole = tar({"ü.jpg": b"x", "n" * 120 + ".jpg": b"y"}, form)
    end = len(whole.rstrip(b"\0"))
    for at in range(0, end, 11):
        for value in (0, 0x39, 0xFF):
            (tmp_path / "x.tar").write_bytes(whole[:at] + bytes([value]) + whole[at + 1 :])
            for source in sources(tmp_path / "x.tar").values():
                with suppress(PhotoError):
                    source.read()


# Stores --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    """An object store with the files above, an archive among them, below the folder `all`."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "anyone")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "anything")
    objects = {f"all/{name}": data for name, data in FILES.items()}
    objects["all/x.tar"] = tar({"1.jpg": b"one", "2.jpg": b"two" * 999})
    with serve(Bucket(objects)) as served:
        yield served


def test_a_store_gives_its_photos_as_a_folder_does(bucket: Bucket) -> None:
    photos = find(f"s3://photos/all{bucket.options}", forbidden)
    named = [(each.source.name, each.within, each.source.read()) for each in photos]
    assert named == [
        ("s3://photos/all/a/10.jpg", "a/10.jpg", b"a10"),
        ("s3://photos/all/a/2.PNG", "a/2.PNG", b"a2"),
        ("s3://photos/all/a.jpg", "a.jpg", b"a"),
        ("s3://photos/all/b.jpg", "b.jpg", b"b"),
        ("s3://photos/all/x.tar/1.jpg", "x.tar/1.jpg", b"one"),
        ("s3://photos/all/x.tar/2.jpg", "x.tar/2.jpg", b"two" * 999),
    ]


def test_one_object_of_a_store_is_taken_whatever_its_suffix(bucket: Bucket) -> None:
    ((name, source),) = sources(f"s3://photos/all/notes.txt{bucket.options}").items()
    assert (name, source.read()) == ("s3://photos/all/notes.txt", b"no")
    assert list(sources(f"s3://photos/all/x.tar{bucket.options}")) == [
        "s3://photos/all/x.tar/1.jpg",
        "s3://photos/all/x.tar/2.jpg",
    ]


def test_what_a_store_does_not_have_is_said_without_its_keys(bucket: Bucket) -> None:
    with pytest.raises(UsageError, match=r"^s3://photos/none does not exist\.$"):
        found(f"s3://photos/none{bucket.options}")
    photos = list(find(f"s3://anyone:anything@photos/all{bucket.options}", forbidden))
    assert not [each for each in photos if "anything" in each.source.name or "?" in each.source.name]
    del bucket.objects["all/b.jpg"]
    with pytest.raises(PhotoError, match=r"^s3://photos/all/b\.jpg does not exist\.$"):
        photos[3].source.read()


def test_a_folder_and_its_address_give_the_same(tmp_path: Path) -> None:
    laid(tmp_path, {**FILES, "x.tar": tar({"1.jpg": b"one"})})
    assert [within for _, within in found(tmp_path)] == [within for _, within in found(tmp_path.as_uri())]
    assert found((tmp_path / "b.jpg").as_uri()) == [(f"file://{tmp_path}/b.jpg", "b.jpg")]


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("ftp://host/photos", r"^ftp://host/photos cannot be read: Unrecognized filesystem type in URI: ftp://host"),
        ("file://relative", "cannot be read: File URI cannot be relative"),
        ("ftp://key:secret@host/a?key=secret", r"^ftp://host/a cannot be read: .* ftp://host/a\. Known are"),
    ],
)
def test_an_address_that_is_none_is_told(address: str, sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence) as told:
        found(address)
    assert "secret" not in str(told.value)
