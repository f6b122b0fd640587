"""`classify` for very many photos: in parts, kept in a folder, gone on with after whatever ended it."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from lib.cli import classify as cli
from lib.cli import many
from lib.cli.main import main
from lib.i18n import Translator
from lib.reports.columns import to_objects
from lib.results import Outcome
from lib.work.shards import Shard
from tests.support.pictures import encode, noise

ROOT = Path(__file__).resolve().parents[2]
Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A data folder that holds two tiny models of a user."""
    for model in ("float32", "thirds"):
        shutil.copytree(ROOT / "tests" / "models" / model, tmp_path / "home" / "models" / model)
    monkeypatch.setenv("DISCERN_HOME", str(tmp_path / "home"))


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A folder with twenty different photos in two folders, one of them cut off, and an archive with three more."""
    folder = tmp_path / "photos"
    for number in range(20):
        path = folder / f"{number % 2}" / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encode(noise(12, 8, number), "PNG"))
    (folder / "1" / "7.png").write_bytes((folder / "1" / "7.png").read_bytes()[:80])
    with tarfile.open(folder / "z.tar", "w") as archive:
        for number in range(3):
            archive.add(folder / "0" / f"{number * 2}.png", f"in/{number}.png")
    return folder


def classify(*arguments: object) -> int:
    return main(["classify", *map(str, arguments), "--model", "float32"])


@pytest.fixture
def plain(photos: Path, capsys: Capture) -> list[str]:
    """What `classify --json` says of all photos, line by line."""
    assert classify(photos, "--json") == 1  # one is cut off
    return capsys.readouterr().out.splitlines()


def kept_lines(folder: Path) -> Iterator[str]:
    """Yield what is in a folder of answers as lines of JSON."""
    for path in sorted(folder.glob("*.parquet")):
        yield from map(json.dumps, to_objects(pq.read_table(path)))
    for path in sorted(folder.glob("*.ndjson")):
        yield from path.read_text("ascii").splitlines()


FORMS = pytest.mark.parametrize("form", [(), ("--json",)], ids=["parquet", "lines"])


@FORMS
def test_a_folder_holds_what_is_printed_to_the_last_bit(
    photos: Path, plain: list[str], tmp_path: Path, capsys: Capture, form: tuple[str, ...]
) -> None:
    assert len(plain) == 23
    assert classify(photos, "--out", tmp_path / "out", *form) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert "23 photos were looked at, 1 of them failed; 0 were there already, 0 of them failed." in said.err
    assert list(kept_lines(tmp_path / "out")) == plain


@FORMS
def test_a_photo_that_failed_is_asked_again_until_it_can_be_read(
    photos: Path, plain: list[str], tmp_path: Path, capsys: Capture, form: tuple[str, ...]
) -> None:
    assert classify(photos, "--out", tmp_path / "out", *form) == 1
    assert (
        classify(photos, "--out", tmp_path / "out", "--resume", *form) == 1
    )  # a scheduler is not told that all is well
    said = capsys.readouterr().err
    assert "1 answers were failures; their photos are asked again." in said
    assert "1 photos were looked at, 1 of them failed; 22 were there already, 0 of them failed." in said
    assert sorted(kept_lines(tmp_path / "out")) == sorted(plain)
    (photos / "1" / "7.png").write_bytes((photos / "1" / "9.png").read_bytes())
    assert classify(photos, "--out", tmp_path / "out", "--resume", *form) == 0
    kept = [json.loads(line) for line in kept_lines(tmp_path / "out")]
    assert sorted(row["file"] for row in kept) == sorted(json.loads(line)["file"] for line in plain)
    assert not any("error" in row for row in kept)
    assert classify(photos, "--out", tmp_path / "out", "--resume", *form) == 0
    assert "0 photos were looked at, 0 of them failed; 23 were there already" in capsys.readouterr().err


def test_answers_that_cannot_be_saved_are_no_matter_of_photos(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    assert classify(photos, "--out", tmp_path / "file" / "out") == 2

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pq, "write_table", full)
    assert classify(photos, "--out", tmp_path / "out") == 74


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGTERM to catch")
@FORMS
def test_sigterm_keeps_what_ctrl_c_keeps(
    photos: Path, plain: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: tuple[str, ...]
) -> None:
    real, before, asked = cli.to_object, signal.getsignal(signal.SIGTERM), iter(range(99))

    def ended_at_the_tenth(outcome: Outcome, say: Translator) -> dict[str, object]:
        if next(asked) == 9:
            signal.raise_signal(signal.SIGTERM)
        return real(outcome, say)

    monkeypatch.setattr(cli, "to_object", ended_at_the_tenth)
    assert classify(photos, "--out", tmp_path / "out", *form) == 143
    assert list(kept_lines(tmp_path / "out")) == plain[:9]
    assert signal.getsignal(signal.SIGTERM) == before
    assert classify(photos, "--out", tmp_path / "out", "--resume", *form) == 1
    assert sorted(kept_lines(tmp_path / "out")) == sorted(plain)


def test_an_address_gives_what_a_path_does(photos: Path, plain: list[str], capsys: Capture) -> None:
    classify(photos.as_uri(), "--json")
    assert capsys.readouterr().out.replace("file://", "").splitlines() == plain


def test_all_parts_together_are_all_photos_once(photos: Path, plain: list[str], capsys: Capture) -> None:
    parts = []
    for number in (1, 2, 3):
        classify(photos, "--json", "--shard", f"{number}/3")
        parts.append(capsys.readouterr().out.splitlines())
    assert sorted(line for part in parts for line in part) == sorted(plain)
    assert all(part == [line for line in plain if line in part] for part in parts)  # in their order
    assert all(parts)


def test_a_part_is_the_same_wherever_the_folder_lies(photos: Path, tmp_path: Path, capsys: Capture) -> None:
    found = []
    shutil.copytree(photos, tmp_path / "elsewhere" / "copy")
    for place in (photos, tmp_path / "elsewhere" / "copy", photos.as_uri()):
        classify(place, "--json", "--shard", "2/3")
        lines = capsys.readouterr().out.splitlines()
        found.append([str(json.loads(line)["file"]).rpartition(f"{Path(place).name}/")[2] for line in lines])
    assert found[0] == found[1] == found[2]


def test_a_part_may_be_empty(photos: Path, capsys: Capture) -> None:
    only = photos / "0" / "0.png"
    codes = [classify(only, "--json", "--shard", f"{number}/40") for number in range(1, 41)]
    assert codes == [0] * 40
    assert len(capsys.readouterr().out.splitlines()) == 1


@FORMS
def test_parts_share_a_folder_and_a_run_is_gone_on_with(
    photos: Path, plain: list[str], tmp_path: Path, form: tuple[str, ...]
) -> None:
    for number in (2, 1, 3, 2):
        classify(photos, "--out", tmp_path / "out", "--resume", "--shard", f"{number}/3", *form)
    assert sorted(kept_lines(tmp_path / "out")) == sorted(plain)
    before = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "out").iterdir()}
    assert classify(photos, "--out", tmp_path / "out", "--resume", *form) == 1  # what failed in a part is its own
    assert sorted(kept_lines(tmp_path / "out")) == sorted(plain)
    assert {name: at for name, at in before.items() if (tmp_path / "out" / name).stat().st_mtime_ns != at} == {}


def much(folder: Path) -> int:
    """Return how much is in a folder of answers: parts, or a hundred kilobytes of lines."""
    lines = [path.stat().st_size // 100_000 for path in folder.glob("*.ndjson")]
    return len(list(folder.glob("*.parquet"))) + sum(lines)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
@FORMS
def test_a_run_that_is_killed_again_and_again_has_every_photo_once(tmp_path: Path, form: tuple[str, ...]) -> None:
    folder, out = tmp_path / "many", tmp_path / "out"
    folder.mkdir()
    for number in range(2500):
        (folder / f"{number:04}.png").write_bytes(encode(noise(12, 8, number % 7), "PNG"))
    command = [sys.executable, "-m", "lib", "classify", str(folder), "--model", "float32", "--out", str(out)]
    for _ in range(2):
        before = much(out)
        run = subprocess.Popen([*command, "--resume", *form], cwd=ROOT, stderr=subprocess.DEVNULL)
        while run.poll() is None and much(out) == before:
            time.sleep(0.002)
        run.send_signal(signal.SIGKILL)
        assert run.wait() == -signal.SIGKILL  # it was not done yet
    assert subprocess.run([*command, "--resume", *form], cwd=ROOT, capture_output=True, check=False).returncode == 0
    files = [json.loads(line)["file"] for line in kept_lines(out)]
    assert sorted(files) == sorted(map(str, folder.iterdir()))


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--shard", "0/3"], "There is no part 0 of 3: the first is 1/3, the last 3/3."),
        (["--shard", "x"], "--shard is written as 2/5 for the second part of five, not as x."),
        (["--resume"], "Name it with --out."),
        (["--out", "out", "--csv", "x.csv"], "Leave out --csv."),
        (["--out", "answers.ndjson"], "--out names a folder, in which files are made; answers.ndjson is none."),
        (["ftp://host/x"], "ftp://host/x cannot be read: Unrecognized filesystem type"),
    ],
)
def test_wrong_usage_is_told_and_ends_with_2(
    photos: Path, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch, arguments: list[str], sentence: str
) -> None:
    monkeypatch.chdir(tmp_path)
    assert classify(photos, *arguments) == 2
    said = capsys.readouterr()
    assert sentence in said.err
    assert said.out == ""
    assert not (tmp_path / "out").exists()


def test_a_folder_of_answers_is_not_written_over(photos: Path, tmp_path: Path, capsys: Capture) -> None:
    classify(photos / "0", "--out", tmp_path / "out")
    assert classify(photos, "--out", tmp_path / "out") == 2
    assert "Go on with --resume, or choose another folder." in capsys.readouterr().err
    assert classify(photos, "--out", tmp_path / "out", "--resume", "--top", "1") == 2
    assert "holds answers given with --top 5, and not with --top 1." in capsys.readouterr().err
    assert classify(photos, "--out", tmp_path / "out", "--resume", "--json") == 2
    assert "holds Parquet files, and not JSON lines (--json)." in capsys.readouterr().err
    assert classify(photos, "--out", tmp_path / "out", "--resume", "--whole-photo") == 2
    assert "given with no --whole-photo, and not with --whole-photo." in capsys.readouterr().err
    assert main(["classify", str(photos), "--out", str(tmp_path / "out"), "--resume", "--model", "thirds"]) == 2
    assert "holds answers of float32 (" in capsys.readouterr().err


def test_what_was_left_out_and_what_is_known_by_another_name_is_said(
    photos: Path, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    (photos / "more.tgz").touch()
    assert classify(photos / "0", "--out", tmp_path / "out") == 0
    assert "left out" not in capsys.readouterr().err
    monkeypatch.chdir(photos)
    assert classify(".", "--out", tmp_path / "out", "--resume") == 1
    said = capsys.readouterr().err
    assert "1 archives other than .tar, 0 links to folders or to nothing and 0 pipes or devices were left out." in said
    assert "held answers already, and none by the names of these photos." in said
    assert classify(".", "--out", tmp_path / "out", "--resume") == 1
    assert "none by the names" not in capsys.readouterr().err


def test_a_name_that_is_no_text_is_the_same_text_everywhere(tmp_path: Path, capsys: Capture) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    for name in (b"caf\xe9.png", b"\xff.png"):
        (folder / os.fsdecode(name)).write_bytes(b"no photo" if b"\xff" in name else encode(noise(12, 8, 1), "PNG"))
    assert classify(folder, "--json") == 1
    printed = capsys.readouterr().out.splitlines()
    assert classify(folder, "--out", tmp_path / "out") == 1
    assert list(kept_lines(tmp_path / "out")) == printed
    assert json.loads(printed[0])["file"] == f"{folder}/caf\\udce9.png"


def test_photos_are_counted_only_for_whoever_watches(photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = many.Photos([str(photos)], Shard(), lambda error: None)
    assert found.total is None
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    assert many.Photos([str(photos)], Shard(), lambda error: None).total == 23
    assert many.Photos([photos.as_uri()], Shard(), lambda error: None).total is None  # a store may take long
