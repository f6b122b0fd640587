"""Whole or not at all."""

from pathlib import Path

import pytest

from lib.work.files import replace_folder, whole, write_whole


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
