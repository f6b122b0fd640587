"""The answers of a long run in a folder: each photo once, however often the run is ended."""

import json
import os
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lib.errors import AppError, DownloadError, UsageError
from lib.i18n import Translator
from lib.messages import N_, Word
from lib.reports import kept as module
from lib.reports.cells import as_text
from lib.reports.classifications import to_object
from lib.reports.columns import Object, schema, to_objects, to_table
from lib.reports.kept import Kept, Lines, Parts
from lib.results import (
    Classification,
    Failure,
    Familiarity,
    Group,
    Prediction,
    Verdict,
    VerdictKind,
)
from lib.work.shards import Shard

RUN = {"models": "a", "top": 5}
CAT, DOG = Prediction(0, "cat", 0.1 + 0.2), Prediction(7, "dog", 1 / 3)


def failure(file: str, model: str = "a") -> Object:
    return {"file": file, "model": model, "error": f"{file} is empty."}


def answer(file: str, model: str = "a") -> Object:
    return to_object(replace(found(), file=file, model=model), Translator())


def found(*, group: Group | None = None, familiarity: Familiarity | None = None) -> Classification:
    verdict = Verdict(VerdictKind.CLOSE, (DOG, CAT), 0, DOG, CAT.probability, 3, 0.5, 0.5, 2.7)
    return Classification("ü.jpg", "a", (DOG, CAT), verdict, (40, 30), 1.25, group, familiarity, "square")


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))


def rows(folder: Path) -> list[str]:
    parts = [row["file"] for path in sorted(folder.glob("*.parquet")) for row in pq.read_table(path).to_pylist()]
    lines = [json.loads(line)["file"] for path in sorted(folder.glob("*.ndjson")) for line in path.open()]
    return parts + lines


def run(kind: type[Kept], folder: Path, names: Sequence[str], *, stop_after: int | None = None) -> None:
    """Keep an answer of each photo that has none yet; stop as Ctrl-C would after some."""
    with kind(folder, RUN, Shard(), resume=True) as kept:
        for count, name in enumerate(name for name in names if not kept.holds(name)):
            if count == stop_after:
                raise KeyboardInterrupt
            kept.add([answer(name)])


# Columns -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "outcome",
    [
        found(),
        found(
            group=Group(Word("dog"), Word("a dog"), 0.7, VerdictKind.CLEAR, (DOG,), 0),
            familiarity=Familiarity("max-logit", 3.3, 4.4),
        ),
        Failure("a.jpg", "a", AppError(N_("{file} is empty."), file="a.jpg")),
    ],
)
def test_a_row_holds_what_the_line_of_json_holds_to_the_last_bit(outcome: Classification | Failure) -> None:
    line = to_object(outcome, Translator())
    (row,) = to_objects(to_table([line]))
    assert json.dumps(row) == json.dumps(line)  # the order of its keys, too


def test_a_name_that_is_no_text_is_written_as_an_escape() -> None:
    name = os.fsdecode(b"\xff\xc3\xbc.jpg")
    assert as_text(name) == "\\udcffü.jpg"
    object_ = to_object(Failure(name, "a", AppError(N_("{file} is empty."), file=name)), Translator())
    assert object_ == {"file": "\\udcffü.jpg", "model": "a", "error": "\\udcffü.jpg is empty."}
    assert to_object(replace(found(), file=name), Translator())["file"] == "\\udcffü.jpg"
    assert list(to_objects(to_table([object_]))) == [object_]


def test_file_and_model_are_always_there() -> None:
    assert [field.name for field in schema() if not field.nullable] == ["file", "model"]


# Both forms ----------------------------------------------------------------------------------------------------------

BOTH = pytest.mark.parametrize("kind", [Parts, Lines])
NAMES = [f"{number}.jpg" for number in range(10)]


@BOTH
def test_a_run_that_is_interrupted_goes_on_where_it_ended(kind: type[Kept], tmp_path: Path) -> None:
    for _ in range(3):
        with pytest.raises(KeyboardInterrupt):
            run(kind, tmp_path / "new" / "folder", NAMES, stop_after=3)
    run(kind, tmp_path / "new" / "folder", NAMES)
    run(kind, tmp_path / "new" / "folder", NAMES)
    assert rows(tmp_path / "new" / "folder") == NAMES


@BOTH
def test_a_photo_that_is_named_twice_is_kept_twice(kind: type[Kept], tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        run(kind, tmp_path, ["a", "a", "b"], stop_after=1)
    run(kind, tmp_path, ["a", "a", "b"])
    run(kind, tmp_path, ["a", "a", "b"])
    assert rows(tmp_path) == ["a", "a", "b"]


@BOTH
def test_a_name_that_is_no_text_is_known_again(kind: type[Kept], tmp_path: Path) -> None:
    names = [os.fsdecode(b"\xff.jpg"), "ü.jpg"]
    run(kind, tmp_path, names)
    run(kind, tmp_path, names)
    assert len(rows(tmp_path)) == 2


@BOTH
def test_what_is_there_is_not_written_over(kind: type[Kept], tmp_path: Path) -> None:
    run(kind, tmp_path, NAMES)
    with pytest.raises(UsageError, match="holds answers already"):
        kind(tmp_path, RUN, Shard())
    assert rows(tmp_path) == NAMES


@BOTH
def test_answers_to_another_question_do_not_go_beside_them(kind: type[Kept], tmp_path: Path) -> None:
    run(kind, tmp_path, NAMES)
    with pytest.raises(UsageError, match=r"holds answers given with --top 5, and not with --top 3\. Choose another"):
        kind(tmp_path, {**RUN, "top": 3}, Shard(), resume=True)
    with pytest.raises(UsageError, match=r"with no --floor, and not with --floor 0\.3"):
        kind(tmp_path, {**RUN, "floor": 0.3}, Shard(2, 3))


@BOTH
def test_shards_share_a_folder(kind: type[Kept], tmp_path: Path) -> None:
    for number in (2, 1, 3):
        with kind(tmp_path, RUN, Shard(number, 3)) as kept:
            for name in NAMES:
                if Shard(number, 3).takes(name) and not kept.holds(name):
                    kept.add([answer(name)])
    assert sorted(rows(tmp_path)) == NAMES
    run(kind, tmp_path, [*NAMES, "more"])  # the rest in one piece
    assert sorted(rows(tmp_path)) == [*NAMES, "more"]


@BOTH
def test_parts_whose_number_begins_alike_are_told_apart(kind: type[Kept], tmp_path: Path) -> None:
    for shard in (Shard(1, 30), Shard(1, 3), Shard(1, 1)):
        with kind(tmp_path, RUN, shard) as kept:
            assert not kept.holds("never seen")
            kept.add([answer(str(shard))])
    with kind(tmp_path, RUN, Shard(2, 3), resume=True) as kept:
        assert kept.holds("01-of-30")  # whose photos may be of this part
        assert not kept.holds("1-of-3")  # whose cannot


@BOTH
def test_two_runs_do_not_write_the_same_part(kind: type[Kept], tmp_path: Path) -> None:
    with kind(tmp_path, RUN, Shard(1, 2)), pytest.raises(UsageError, match="Another run is writing to"):
        kind(tmp_path, RUN, Shard(1, 2), resume=True)
    with kind(tmp_path, RUN, Shard(1, 2), resume=True), kind(tmp_path, RUN, Shard(2, 2), resume=True):
        pass


@BOTH
def test_a_photo_of_which_a_model_has_not_answered_is_asked_again(kind: type[Kept], tmp_path: Path) -> None:
    with kind(tmp_path, RUN, Shard(), models=2) as kept:
        kept.add([answer("1", "a"), answer("1", "b")])
        kept.add([answer("2", "a"), answer("2", "b")])
    if kind is Lines:
        path = tmp_path / "answers.ndjson"
        path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:3]))
    with kind(tmp_path, RUN, Shard(), models=2, resume=True) as kept:
        assert [kept.holds(name) for name in ("1", "2")] == [True, kind is Parts]
        if kind is Lines:
            kept.add([answer("2", "a"), answer("2", "b")])
    assert rows(tmp_path) == ["1", "1", "2", "2"]


@BOTH
def test_tables_are_kept_as_single_answers_are(kind: type[Kept], tmp_path: Path) -> None:
    with kind(tmp_path, RUN, Shard()) as kept:
        kept.add_table(to_table([answer(name) for name in NAMES]))
    run(kind, tmp_path, [*NAMES, "more"])
    assert rows(tmp_path) == [*NAMES, "more"]


@BOTH
def test_photos_that_failed_are_asked_again_and_every_photo_is_there_once(kind: type[Kept], tmp_path: Path) -> None:
    with kind(tmp_path, RUN, Shard(), models=2) as kept:
        for name in ("1", "2", "3"):
            kept.add([answer(name), failure(name, "b") if name == "2" else answer(name, "b")])
    with pytest.raises(KeyboardInterrupt), kind(tmp_path, RUN, Shard(), models=2, resume=True):
        raise KeyboardInterrupt
    assert rows(tmp_path) == ["1", "1", "3", "3"]  # whatever ends this run, the next one asks about 2
    with kind(tmp_path, RUN, Shard(), models=2, resume=True) as kept:
        assert (kept.again, [kept.holds(name) for name in "123"]) == (0, [True, False, True])
        kept.add([failure("2", "a"), failure("2", "b")])
    with kind(tmp_path, RUN, Shard(), models=2, resume=True) as kept:
        assert (kept.again, [kept.holds(name) for name in "123"]) == (2, [True, False, True])
        kept.add([answer("2"), answer("2", "b")])
    assert sorted(rows(tmp_path)) == ["1", "1", "2", "2", "3", "3"]


@BOTH
def test_failures_of_another_part_stay_and_are_counted(kind: type[Kept], tmp_path: Path) -> None:
    with kind(tmp_path, RUN, Shard(1, 2)) as kept:
        kept.add([failure("1")])
        kept.add([answer("2")])
    with kind(tmp_path, RUN, Shard(), resume=True) as kept:
        assert [kept.holds(name) for name in "123"] == [True, True, False]
        assert (kept.again, kept.bad) == (0, 1)
    assert rows(tmp_path) == ["1", "2"]


@BOTH
def test_a_folder_that_takes_no_file_is_told_before_anything_is_asked(
    kind: type[Kept], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(**_: object) -> None:
        raise OSError(28, "No space left on device")

    run(kind, tmp_path, NAMES)
    monkeypatch.setattr(tempfile, "TemporaryFile", full)
    with pytest.raises(UsageError, match="The disk is full"):
        kind(tmp_path, RUN, Shard(), resume=True)


@BOTH
def test_a_folder_that_cannot_be_made_is_told(kind: type[Kept], tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="could not be saved"):
        kind(tmp_path / "file" / "folder", RUN, Shard())


@BOTH
def test_what_was_asked_is_told_to_be_damaged(kind: type[Kept], tmp_path: Path) -> None:
    run(kind, tmp_path, NAMES)
    for content in ("", "[1]", "{"):
        (tmp_path / "_run.json").write_text(content)
        with pytest.raises(UsageError, match=r"_run\.json is damaged"):
            kind(tmp_path, RUN, Shard(), resume=True)


# Parquet -------------------------------------------------------------------------------------------------------------


def test_a_part_is_written_when_it_has_enough_photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PART_PHOTOS", 4)
    run(Parts, tmp_path, NAMES)
    assert files(tmp_path) == ["_run.json", *(f"part-{number:06}.parquet" for number in range(3))]
    assert [pq.read_table(path).num_rows for path in sorted(tmp_path.glob("*.parquet"))] == [4, 4, 2]


def test_a_part_is_written_when_enough_time_has_gone_by(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PART_S", 0.0)
    with Parts(tmp_path, RUN, Shard()) as kept:
        kept.add([answer("a")])
        assert rows(tmp_path) == ["a"]


def test_what_reads_a_folder_of_parquet_files_passes_over_the_others(tmp_path: Path) -> None:
    with Parts(tmp_path, RUN, Shard(1, 2)) as kept:
        kept.add([answer("a")])
    (tmp_path / ".part-1-of-2-000001.parquet-0123456789abcdef").write_bytes(b"half")
    assert pq.read_table(tmp_path).column("file").to_pylist() == ["a"]


def test_half_a_file_of_a_run_that_was_killed_is_cleared_away_and_others_are_left(tmp_path: Path) -> None:
    run(Parts, tmp_path, NAMES)
    half, other = tmp_path / ".part-000001.parquet-0123456789abcdef", tmp_path / ".part-1-of-2-000001.parquet-01234567"
    half.write_bytes(b"half")
    other.write_bytes(b"being written")
    run(Parts, tmp_path, NAMES)
    assert (half.exists(), other.exists()) == (False, True)


@pytest.mark.parametrize("content", [b"", b"PAR1 no", None])
def test_a_file_that_holds_no_answers_is_told(tmp_path: Path, content: bytes | None) -> None:
    run(Parts, tmp_path, NAMES)
    if content is None:
        pq.write_table(pa.table({"x": [1]}), tmp_path / "part-000007.parquet")
    else:
        (tmp_path / "part-000007.parquet").write_bytes(content)
    with pytest.raises(UsageError, match=r"part-000007\.parquet is damaged or holds no answers"):
        Parts(tmp_path, RUN, Shard(), resume=True)


def test_what_was_interrupted_while_it_was_written_is_saved_at_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = pq.write_table

    def interrupted(*arguments: object, **options: object) -> None:
        monkeypatch.setattr(pq, "write_table", real)
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "PART_PHOTOS", 4)
    monkeypatch.setattr(pq, "write_table", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run(Parts, tmp_path, NAMES)
    assert rows(tmp_path) == NAMES[:4]


def test_a_full_disk_is_told_and_leaves_nothing_half(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pq, "write_table", full)
    with pytest.raises(DownloadError, match="The disk is full"):
        run(Parts, tmp_path, NAMES)
    assert files(tmp_path) == ["_run.json"]


# Lines ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("torn", [b"{", b'{"file": "3.jpg", "model": "a", "error": "\\u00', b'{"file": "3.jpg"}'])
def test_a_last_line_that_is_cut_off_is_dropped(tmp_path: Path, torn: bytes) -> None:
    run(Lines, tmp_path, NAMES[:3])
    with (tmp_path / "answers.ndjson").open("ab") as file:
        file.write(torn)
    run(Lines, tmp_path, NAMES)
    assert rows(tmp_path) == NAMES


@pytest.mark.parametrize("line", ["no json\n", "[]\n", "{}\n"])
def test_a_line_that_is_no_answer_is_told(tmp_path: Path, line: str) -> None:
    run(Lines, tmp_path, NAMES[:2])
    with (tmp_path / "answers.ndjson").open("a") as file:
        file.write(line)
    with pytest.raises(UsageError, match=r"Line 3 of .*answers\.ndjson is no answer"):
        Lines(tmp_path, RUN, Shard(), resume=True)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="only Linux has a disk that is always full")  # noqa: PTH110
def test_a_full_disk_is_told_of_lines_too(tmp_path: Path) -> None:
    kept = Lines(tmp_path, RUN, Shard())
    kept._file = Path("/dev/full").open("wb")  # noqa: SIM115 - closed by the second block
    with pytest.raises(DownloadError, match="The disk is full"):
        kept.add([answer("a")])
    with pytest.raises(DownloadError, match="The disk is full"), kept:
        pass


def test_a_line_can_be_read_as_soon_as_it_is_known(tmp_path: Path) -> None:
    with Lines(tmp_path, RUN, Shard()) as kept:
        kept.add([answer("a")])
        assert rows(tmp_path) == ["a"]
