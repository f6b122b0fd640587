"""No model's file is opened here before a child process has tried these very bytes."""

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from lib.catalogue import trial
from lib.catalogue.store import SHIPPED, Store
from lib.catalogue.trial import Trials
from lib.classify.opening import open_classifier
from lib.errors import DownloadError, ModelFileError, UnknownModelError
from lib.formats import first_look
from lib.formats.tables import read_ends, read_format
from lib.model.spec import ModelFolder, load
from tests.support.user_models import KILLS, MODELS, TAKES_GIGABYTES, TINY, put, put_damaged, spoil

ROOT = MODELS.parent
Tried = Callable[[list[str]], Trials]


@pytest.fixture
def tried(tmp_path: Path) -> Tried:
    """Trials of a data folder that succeed without a child process, and the list of those made."""

    def make(made: list[str]) -> Trials:
        def attempt(folder: ModelFolder) -> trial.Record:
            made.append(str(folder.sha256))
            return {"seconds": 0.1, "memory_bytes": 1}

        return Trials(tmp_path, attempt)

    return make


def test_each_content_is_tried_once_by_all_processes(tmp_path: Path, tried: Tried) -> None:
    folder, made = load(put(tmp_path, "mine")), []
    assert tried(made).admit(folder).sha256 == made[0]
    assert tried(made).admit(folder).sha256 == made[0]  # as another process would
    (folder.path / "labels.txt").touch()
    tried(made).admit(load(folder.path))
    assert len(made) == 1


def test_other_bytes_or_another_description_are_tried_anew(tmp_path: Path, tried: Tried) -> None:
    folder, made = load(put(tmp_path, "mine")), []
    trials = tried(made)
    trials.admit(folder)
    before = folder.weights_path.stat()
    folder.weights_path.write_bytes(folder.read_weights()[:-1] + b"x")
    os.utime(folder.weights_path, ns=(before.st_atime_ns, before.st_mtime_ns))  # size and time as they were
    trials.admit(folder)
    card = folder.path / "model.toml"
    card.write_text(card.read_text().replace("[6, 4]", "[4, 6]"))
    trials.admit(load(folder.path))
    assert len(made) == 3


def test_known_contents_are_not_read_again(tmp_path: Path, tried: Tried, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, made = load(put(tmp_path, "mine")), []
    tried(made).admit(folder)
    monkeypatch.setattr(trial, "sha256_of", None)
    assert tried(made).admit(folder).sha256 == made[0]


@pytest.mark.parametrize(
    "kept", [b"", b"{", b"[]", b'{"digests": 5, "trials": {}}', b'{"digests": {"a": [1]}, "trials": {}}']
)
def test_damaged_records_are_no_records(tmp_path: Path, tried: Tried, kept: bytes) -> None:
    (tmp_path / trial.RECORDS).write_bytes(kept)
    made: list[str] = []
    tried(made).admit(load(put(tmp_path, "mine")))
    assert len(made) == 1
    assert json.loads((tmp_path / trial.RECORDS).read_text())["trials"]


def test_a_data_folder_that_cannot_be_written_tries_in_each_process(tmp_path: Path, tried: Tried) -> None:
    folder, made = load(put(tmp_path, "mine")), []
    (tmp_path / "locks").write_bytes(b"where a folder should be")
    trials = tried(made)
    trials.admit(folder), trials.admit(folder)
    assert len(made) == 1
    tried(made).admit(folder)
    assert len(made) == 2


def test_what_is_read_is_what_was_tried(tmp_path: Path, tried: Tried) -> None:
    untried = load(put(tmp_path, "mine"))
    with untried.weights_path.open("ab") as weights:
        weights.write(b"no other test's")  # facts of a content that is known need no second reading
    folder = tried([]).admit(untried)
    folder.weights_path.write_bytes(b"other bytes, at the last moment")
    for use in (open_classifier, read_ends, read_format):
        with pytest.raises(ModelFileError, match="The weights of mine changed after they were checked"):
            use(folder)


def test_a_fact_is_read_once_for_each_content(tmp_path: Path, tried: Tried) -> None:
    folder = tried([]).admit(load(put(tmp_path, "once", TINY / "uint8")))
    found = read_ends(folder)
    folder.weights_path.unlink()
    assert read_ends(folder) is found


def test_a_trial_notes_what_it_took_and_passes_a_good_model(tmp_path: Path) -> None:
    folder = load(put(tmp_path, "mine"))
    assert Trials(tmp_path).admit(folder).read_weights() == folder.read_weights()
    (record,) = json.loads((tmp_path / trial.RECORDS).read_text())["trials"].values()
    assert 0 < record["seconds"] < trial.CPU_SECONDS
    assert 0 < record["memory_bytes"] < trial.MEMORY_BYTES


@pytest.mark.parametrize("name", ["nan", "negative", "zero"])
def test_what_a_model_answers_is_each_photos_own_matter(tmp_path: Path, name: str) -> None:
    assert Trials(tmp_path).admit(load(put(tmp_path, "mine", TINY / name))).sha256


@pytest.mark.parametrize(("base", "at", "value"), [KILLS, TAKES_GIGABYTES], ids=["kills", "takes gigabytes"])
def test_one_byte_that_ends_or_swells_a_process_is_a_sentence_here(
    tmp_path: Path, base: Path, at: int, value: int
) -> None:
    folder = load(put_damaged(tmp_path, "mine", base, at, value))
    with pytest.raises(ModelFileError, match="mine"):
        Trials(tmp_path).admit(folder)
    with pytest.raises(ModelFileError, match="mine"):
        Trials(tmp_path, attempt=lambda _: pytest.fail("tried again")).admit(folder)  # type: ignore[arg-type]


def name_that_is_no_text(content: bytes) -> bytes:
    """Make the first tensor's name bytes that no encoding knows."""
    from ai_edge_litert import schema_py_generated as schema

    name = schema.Model.GetRootAs(content, 0).Subgraphs(0).Tensors(0).Name()
    return content.replace(name, b"\xff" * len(name), 1)


def more_tensors_than_fit(content: bytes) -> bytes:
    """Claim a hundred million tensors."""
    from ai_edge_litert import schema_py_generated as schema

    graph = schema.Model.GetRootAs(content, 0).Subgraphs(0)
    at = graph._tab.Vector(graph._tab.Offset(4)) - 4
    return content[:at] + (100_000_000).to_bytes(4, "little") + content[at + 4 :]


@pytest.mark.parametrize("change", [name_that_is_no_text, more_tensors_than_fit])
def test_what_breaks_the_readers_of_a_file_is_a_sentence(tmp_path: Path, change: Callable[[bytes], bytes]) -> None:
    whole = (TINY / "float32" / "model.tflite").read_bytes()
    changed = change(whole)
    assert changed != whole
    folder = load(put(tmp_path, "mine", content=changed))
    with pytest.raises(ModelFileError, match="mine"):
        Trials(tmp_path).admit(folder)
    for use in (open_classifier, read_ends, read_format):  # nobody vouches for it; a worker would see this
        with suppress(ModelFileError):
            use(folder)


def test_a_file_that_is_too_large_is_not_even_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(first_look, "MAX_BYTES", 1000)
    monkeypatch.setattr(trial, "sha256_of", None)
    with pytest.raises(ModelFileError, match=r"mine/model\.tflite is larger than"):
        Trials(tmp_path).admit(load(put(tmp_path, "mine")))


# The store --------------------------------------------------------------------------------------------------------


def test_a_spoilt_data_folder_lists_its_sound_model_and_a_problem_for_each_other(tmp_path: Path) -> None:
    spoilt = spoil(tmp_path)
    store = Store(tmp_path)
    assert [entry.spec.id for entry in store.entries() if entry.kind == "yours"] == ["sound"]
    problems = [str(problem) for problem in store.problems()]
    assert len(problems) == len(spoilt)
    for name in spoilt:
        assert any(name in problem for problem in problems), name
        assert not any("\n" in problem for problem in problems)


def test_whoever_asks_for_a_model_that_cannot_be_used_is_told_why(tmp_path: Path) -> None:
    put(tmp_path, "garbage", content=b"not a model")
    store = Store(tmp_path)
    for ask in (store.find, store.open_folder):
        with pytest.raises(ModelFileError, match="garbage"):
            ask("garbage")
    with pytest.raises(UnknownModelError):
        store.find("nothing-like-it")


def test_shipped_models_need_no_trial_but_an_altered_one_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped = tmp_path / "shipped"
    shutil.copytree(SHIPPED, shipped)
    monkeypatch.setattr(trial, "_attempt", None)
    store = Store(tmp_path / "data", shipped)
    assert open_classifier(store.open_folder("starter-small"), workers=1).labels
    weights = shipped / "starter-small" / "model.tflite"
    weights.write_bytes(weights.read_bytes()[:-1] + b"x")
    with pytest.raises(ModelFileError, match="The weights of starter-small changed"):
        open_classifier(store.open_folder("starter-small"), workers=1)


@pytest.mark.parametrize("file", ["model.tflite", "labels.txt", "model.toml"])
def test_a_model_that_was_mended_is_ready_without_a_restart(tmp_path: Path, file: str) -> None:
    folder = put(tmp_path, "mine")
    whole = (folder / file).read_bytes()
    (folder / file).write_bytes(b"x")
    store = Store(tmp_path)
    assert "mine" in str(store.problems()[0])
    (folder / file).write_bytes(whole)
    assert store.open_folder("mine").path == folder
    assert store.problems() == ()
    (folder / file).write_bytes(b"y")
    assert len(store.problems()) == 1


def test_one_trial_at_a_time_however_many_visitors_come(tmp_path: Path, tried: Tried) -> None:
    folder, made = load(put(tmp_path, "mine")), []
    trials = tried(made)
    threads = [threading.Thread(target=trials.admit, args=(folder,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1


def test_the_command_line_tells_in_a_sentence(tmp_path: Path) -> None:
    put_damaged(tmp_path, "killing", *KILLS)
    command = [sys.executable, "-m", "lib", "classify", str(TINY / "none.jpg"), "--model", "killing"]
    environment = {**os.environ, "DISCERN_HOME": str(tmp_path)}
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=environment)
    assert done.returncode == 1
    assert "killing/model.tflite is damaged" in done.stderr
    assert "Traceback" not in done.stderr


# Ids --------------------------------------------------------------------------------------------------------------


def test_a_free_id_is_nobodys(tmp_path: Path) -> None:
    put(tmp_path, "mine")
    (tmp_path / "models" / "mine-2").write_bytes(b"a file")
    store = Store(tmp_path)
    assert store.free_id("dog") == "dog"
    assert store.free_id("mine") == "mine-3"
    assert store.free_id("starter-scratch") == "starter-scratch-2"  # shipped
    assert store.free_id("mobilenet-v2-1.0-224-quant") == "mobilenet-v2-1.0-224-quant-2"  # of the catalogue
    assert len(store.free_id("m" * 80)) == 80


def test_no_two_models_have_one_id_and_everybody_means_the_same(tmp_path: Path) -> None:
    for name in ("starter-scratch", "mobilenet-v2-1.0-224-quant"):
        put(tmp_path, name)
    store = Store(tmp_path)
    ids = [entry.spec.id for entry in store.entries()]
    assert len(ids) == len(set(ids))
    assert store.open_folder("starter-scratch").path == SHIPPED / "starter-scratch"
    assert store.find("mobilenet-v2-1.0-224-quant").folder is None
    assert [str(problem).count("another model already uses") for problem in store.problems()] == [1, 1]


def test_fetching_never_replaces_a_users_own_model(tmp_path: Path) -> None:
    folder = put(tmp_path, "mobilenet-v2-1.0-224-quant")
    with pytest.raises(ModelFileError, match="which another model already uses"):
        Store(tmp_path).fetch("mobilenet-v2-1.0-224-quant")
    assert (folder / "model.tflite").is_file()


def test_a_lock_folder_that_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "locks").write_bytes(b"where a folder should be")
    with pytest.raises(DownloadError, match="could not be saved"):
        Store(tmp_path).fetch("mobilenet-v1-0.25-128-quant")
