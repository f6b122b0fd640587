"""Whole or not at all."""

import errno
import os
import stat
import sys
from pathlib import Path

import pytest

from lib.errors import DownloadError
from lib.work.files import is_full, keeping, replace_folder, require_writable, whole, write_whole


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_written_whole(tmp_path: Path) -> None:
    write_whole(tmp_path / "a.json", b"1")
    write_whole(tmp_path / "a.json", b"22")
    assert (tmp_path / "a.json").read_bytes() == b"22"
    assert names(tmp_path) == ["a.json"]


def test_what_goes_wrong_half_way_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b"old")
    with pytest.raises(TypeError), whole(tmp_path / "a.json") as temporary:
        temporary.write_bytes("no bytes")  # type: ignore[arg-type]
    assert (tmp_path / "a.json").read_bytes() == b"old"
    assert names(tmp_path) == ["a.json"]


def test_a_file_that_is_replaced_keeps_its_permissions(tmp_path: Path) -> None:
    file = tmp_path / "r.html"
    file.write_bytes(b"old")
    file.chmod(0o600)
    write_whole(file, b"new")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize(("old", "mode"), [(False, 0o666), (True, 0o600)])
def test_nobody_reads_what_is_being_written_who_could_not_read_the_file(
    tmp_path: Path, *, old: bool, mode: int
) -> None:
    if old:
        write_whole(tmp_path / "a.json", b"old")
    before = os.umask(0)
    try:
        with whole(tmp_path / "a.json") as temporary:
            assert stat.S_IMODE(temporary.stat().st_mode) == mode
            assert temporary.parent == tmp_path
    finally:
        os.umask(before)


def test_what_cannot_be_replaced_is_known_before_the_block_begins(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError), whole(tmp_path):
        pytest.fail("it began")
    with pytest.raises(FileNotFoundError), whole(tmp_path / "missing" / "a.json"):
        pytest.fail("it began")
    assert names(tmp_path) == []


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    file, link = tmp_path / "r.html", tmp_path / "link.html"
    file.write_bytes(b"old")
    link.symlink_to(file)
    write_whole(link, b"new")
    assert link.is_symlink()
    assert file.read_bytes() == b"new"


@pytest.mark.skipif(sys.platform == "win32", reason="there is no such device")
def test_a_device_is_written_to() -> None:
    write_whole(Path(os.devnull), b"gone")
    assert not Path(os.devnull).is_file()


@pytest.mark.parametrize("name", ["missing/r.html", "."])
def test_what_cannot_be_written_is_known_before(tmp_path: Path, name: str) -> None:
    with pytest.raises(OSError, match="directory"):
        require_writable(tmp_path / name)
    assert names(tmp_path) == []


def folder(path: Path, content: str) -> Path:
    path.mkdir()
    (path / "file").write_text(content)
    return path


def test_a_folder_takes_the_place_of_another(tmp_path: Path) -> None:
    target = folder(tmp_path / "model", "old")
    replace_folder(folder(tmp_path / ".model-new", "new"), target)
    assert (target / "file").read_text() == "new"
    assert names(tmp_path) == ["model"]


def test_a_folder_that_cannot_be_moved_leaves_the_old_one_in_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target, new = folder(tmp_path / "model", "old"), folder(tmp_path / ".model-new", "new")
    replace = Path.replace

    def refuse(path: Path, to: Path) -> Path:
        if path == new:
            raise PermissionError
        return replace(path, to)

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(PermissionError):
        replace_folder(new, target)
    assert (target / "file").read_text() == "old"
    assert names(tmp_path) == [".model-new", "model"]


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        pytest.param(OSError(errno.ENOSPC, "x"), True, id="by its number"),
        pytest.param(RuntimeError("a/b; No space left on device [Op:SaveV2]"), True, id="in TensorFlow's words"),
        pytest.param(OSError("6322176 requested and 3129216 written"), True, id="in NumPy's words"),
        pytest.param(OSError(errno.EROFS, "Read-only file system"), False, id="read-only"),
        pytest.param(ValueError("no such layer"), False, id="no disk at all"),
    ],
)
def test_a_full_disk_is_known_by_number_or_words(error: Exception, expected: bool) -> None:
    assert is_full(error) is expected


@pytest.mark.parametrize(
    ("number", "says"),
    [
        pytest.param(errno.ENOSPC, "The disk of the data folder is full: x could not be .* DISCERN_HOME", id="full"),
        pytest.param(
            errno.EROFS, r"/data/x could not be saved: Read-only file system\. Another data folder .* DISCERN_HOME",
            id="read-only",
        ),
    ],
)  # fmt: skip
def test_what_the_data_folder_refuses_is_one_sentence_with_a_way_out(number: int, says: str) -> None:
    with pytest.raises(DownloadError, match=says), keeping("x"):
        raise OSError(number, os.strerror(number), "/data/x")
