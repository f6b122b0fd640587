"""Fetching: whole and checked, or nothing at all and one sentence; once for however many ask."""

import errno
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lib.catalogue import transfer
from lib.catalogue.store import Store
from lib.classify.opening import open_classifier
from lib.errors import (
    Cancelled,
    DownloadError,
    ModelFileError,
    ModelNotReadyError,
    UnknownModelError,
    UsageError,
)
from lib.model.spec import Novelty
from lib.work.progress import Progress, Stage
from tests.support.mirror import Mirror
from tests.support.pictures import RED, plain
from tests.support.user_models import put

ROOT = Path(__file__).resolve().parents[2]
MakeStore = Callable[..., Store]


def has_kept_nothing(store: Store) -> bool:
    """Whether no model, and no part of one, lies in the data folder."""
    files = [p for p in store.data.rglob("*") if p.is_file() and p.suffix != ".lock"]
    kept = [p for p in files if p.parent.name != "labels" and p.name != "digests.json"]
    return not kept and store.find("tiny").state == "downloadable"


def test_a_model_is_downloaded_checked_and_ready(make_store: MakeStore, mirror: Mirror, tiny_bytes: bytes) -> None:
    store = make_store(bytes=len(tiny_bytes))
    before = store.find("tiny")
    assert (before.state, before.size_bytes, before.folder) == ("downloadable", len(tiny_bytes), None)
    told: list[Progress] = []
    report = store.fetch("tiny", on_progress=told.append)
    assert report.verified
    assert "matches its published checksum" in str(report.message)
    stages = [p.stage for p in told]
    assert sorted(set(stages), key=stages.index)[-1] is Stage.CHECKING
    assert told[[p.stage for p in told].index(Stage.DOWNLOADING)].total == len(tiny_bytes)
    entry = store.find("tiny")
    assert (entry.state, entry.kind) == ("ready", "catalogue")
    folder = store.open_folder("tiny")
    assert folder.weights_path.read_bytes() == tiny_bytes
    assert open_classifier(folder, workers=1).labels == ("red", "green", "blue")


def test_how_a_fetched_model_looks_at_photos_is_the_catalogues_to_say(make_store: MakeStore) -> None:
    store = make_store()
    store.fetch("tiny")
    card = store.models / "tiny" / "model.toml"
    before = card.read_text("utf-8")
    assert 'resize = "squash"' in before
    card.write_text(before.replace('resize = "squash"', 'resize = "crop"'), "utf-8")  # as an earlier catalogue had it
    assert store.open_folder("tiny").spec.input.resize == store.find("tiny").spec.input.resize == "squash"


def test_a_model_that_was_fetched_before_says_what_is_unfamiliar_once_the_catalogue_does(make_store: MakeStore) -> None:
    store = make_store()
    store.fetch("tiny")
    assert store.find("tiny").spec.novelty is None
    catalogue = store._shipped / "catalogue.toml"
    novelty = 'novelty = { method = "max-logit", threshold = 7.5, known_kept = 0.95, measured = "by hand" }'
    was = 'id = "tiny"'
    catalogue.write_text(catalogue.read_text("utf-8").replace(was, f"{was}, {novelty}", 1), "utf-8")
    told = Store(store.data, store._shipped).open_folder("tiny").spec.novelty
    assert told == Novelty("max-logit", 7.5, 0.95, "by hand")


def test_a_fetched_model_is_called_as_the_catalogue_calls_it_today(make_store: MakeStore) -> None:
    store = make_store()
    store.fetch("tiny")
    card = store.models / "tiny" / "model.toml"
    card.write_text(card.read_text("utf-8").replace('name = "Tiny"', 'name = "Tiny, old"'), "utf-8")
    assert store.open_folder("tiny").spec.name == store.find("tiny").spec.name == "Tiny"


def test_nothing_is_downloaded_unless_asked_and_only_once(make_store: MakeStore, mirror: Mirror) -> None:
    store = make_store()
    store.entries()
    store.find("tiny")
    with pytest.raises(ModelNotReadyError, match=r"tiny is not on this computer yet\.$"):
        store.open_folder("tiny")
    assert not mirror.asked
    store.fetch("tiny")
    assert store.fetch("tiny").bytes == 0
    assert mirror.asked == {"tiny.tflite": 1, "rgb.txt": 1}


def test_an_unknown_model_is_named_with_its_neighbours(make_store: MakeStore) -> None:
    with pytest.raises(UnknownModelError, match=r"no model “tinny”\. Did you mean tiny\?"):
        make_store().find("tinny")
    with pytest.raises(UnknownModelError, match=r"There is no model “zzzzzz”\.$"):
        make_store().fetch("zzzzzz")


def test_a_wrong_digest_keeps_nothing(make_store: MakeStore, mirror: Mirror, tiny_bytes: bytes) -> None:
    store = make_store()
    mirror.files["tiny.tflite"] = tiny_bytes[:-1] + b"x"
    with pytest.raises(DownloadError, match=r"not the published file: its checksum \(sha256\)"):
        store.fetch("tiny")
    assert has_kept_nothing(store)


@pytest.mark.parametrize("kind", ["git_blob", "md5"])
def test_other_published_digests_count(kind: str, make_store: MakeStore, mirror: Mirror, tiny_bytes: bytes) -> None:
    right = {
        # git hash-object and md5sum of the file, worked out by those programs
        "git_blob": subprocess.run(["git", "hash-object", "--stdin"], input=tiny_bytes, capture_output=True, check=True)
        .stdout.decode()
        .strip(),
        "md5": hashlib.md5(tiny_bytes).hexdigest(),
    }[kind]
    assert make_store(sha256=None, **{kind: right}).fetch("tiny").verified
    store = make_store(sha256=None, **{kind: "0" * len(right)})
    shutil.rmtree(store.data)
    with pytest.raises(DownloadError, match=kind):
        store.fetch("tiny")


def test_without_a_published_digest_the_first_download_is_the_measure(
    make_store: MakeStore, mirror: Mirror, tiny_bytes: bytes
) -> None:
    store = make_store(sha256=None)
    report = store.fetch("tiny")
    assert not report.verified
    assert "no published checksum" in str(report.message)
    assert json.loads((store.data / "digests.json").read_text())["tiny.tflite"] == report.sha256
    shutil.rmtree(store.models / "tiny")
    mirror.files["tiny.tflite"] = tiny_bytes + b"\0"
    with pytest.raises(DownloadError, match="has changed since it was first downloaded"):
        store.fetch("tiny")
    assert store.find("tiny").state == "downloadable"


def test_weights_changed_later_are_not_opened(make_store: MakeStore) -> None:
    store = make_store()
    store.fetch("tiny")
    weights = store.open_folder("tiny").weights_path
    weights.write_bytes(weights.read_bytes()[:-1] + b"x")
    with pytest.raises(ModelFileError, match="changed after they were checked"):
        store.open_folder("tiny")


def test_a_download_cut_off_keeps_nothing_and_can_be_tried_again(make_store: MakeStore, mirror: Mirror) -> None:
    store = make_store()
    mirror.cut.add("tiny.tflite")
    with pytest.raises(DownloadError, match=r"interrupted after 0\.0 of 0\.0 MB\. Nothing was saved"):
        store.fetch("tiny")
    assert has_kept_nothing(store)
    mirror.cut.clear()
    assert store.fetch("tiny").verified


@pytest.mark.parametrize(
    ("status", "sentence"), [(404, r"does not have tiny.tflite \(HTTP 404\)"), (503, r"\(HTTP 503\)")]
)
def test_a_mirror_without_the_file_is_said_to_be_so(
    status: int, sentence: str, make_store: MakeStore, mirror: Mirror
) -> None:
    store = make_store()
    mirror.status["tiny.tflite"] = status
    with pytest.raises(DownloadError, match=sentence):
        store.fetch("tiny")
    assert has_kept_nothing(store)


def test_a_mirror_that_is_down(make_store: MakeStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISCERN_MIRROR", "http://127.0.0.1:1/")
    with pytest.raises(DownloadError, match=r"The mirror 127.0.0.1:1 could not be reached"):
        make_store().fetch("tiny")


def test_a_mirror_must_be_an_address(make_store: MakeStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISCERN_MIRROR", "/some/folder")
    with pytest.raises(UsageError, match="Set DISCERN_MIRROR to an address"):
        make_store().fetch("tiny")


def test_offline_says_what_to_do(make_store: MakeStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISCERN_MIRROR")
    store = make_store()  # its origin is a closed port
    with pytest.raises(
        DownloadError,
        match=r"127.0.0.1:1 could not be reached: this computer is offline.*DISCERN_MIRROR.*python -m lib fetch tiny",
    ):
        store.fetch("tiny")
    assert has_kept_nothing(store)


def test_an_origin_is_asked_by_https_only(make_store: MakeStore, mirror: Mirror, monkeypatch: Any) -> None:
    store = make_store()
    catalogue = store._shipped / "catalogue.toml"
    catalogue.write_text(catalogue.read_text().replace("https://127.0.0.1:1/", mirror.address))
    monkeypatch.delenv("DISCERN_MIRROR")
    with pytest.raises(DownloadError, match="not secure"):
        store.fetch("tiny")
    assert not mirror.asked


def test_redirects_are_followed_but_not_in_circles(make_store: MakeStore, mirror: Mirror, tiny_bytes: bytes) -> None:
    store = make_store()
    mirror.files["moved.tflite"] = tiny_bytes
    mirror.redirects["tiny.tflite"] = "moved.tflite"
    assert store.fetch("tiny").verified
    shutil.rmtree(store.models / "tiny")
    mirror.redirects["tiny.tflite"] = "tiny.tflite"
    with pytest.raises(DownloadError, match="redirects in an endless loop"):
        store.fetch("tiny")


def test_more_than_a_file_may_have_is_refused(make_store: MakeStore, mirror: Mirror, tiny_bytes: bytes) -> None:
    store = make_store(sha256=None, bytes=len(tiny_bytes) - 1)
    for unsized in (set(), {"tiny.tflite"}):
        mirror.unsized = unsized
        with pytest.raises(DownloadError, match=r"larger than the allowed 0\.0 MB"):
            store.fetch("tiny")
    assert has_kept_nothing(store)


def test_too_few_bytes_from_a_server_that_does_not_count(make_store: MakeStore, mirror: Mirror) -> None:
    store = make_store(bytes=1192)
    mirror.unsized.add("tiny.tflite")
    mirror.cut.add("tiny.tflite")
    with pytest.raises(DownloadError, match="596 bytes instead of 1,192"):
        store.fetch("tiny")
    assert has_kept_nothing(store)


def test_a_disk_without_room_is_seen_before(make_store: MakeStore, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []

    def full(path: object) -> Any:
        asked.append(path)
        return shutil._ntuple_diskusage(10**9, 10**9, 0)

    monkeypatch.setattr(transfer.shutil, "disk_usage", full)
    store = make_store()
    with pytest.raises(DownloadError, match=r"not enough space for .*: it needs 65 MB, but .* has only 0 MB free"):
        store.fetch("tiny")
    assert asked
    assert has_kept_nothing(store)


def test_a_disk_that_fills_up_while_writing(make_store: MakeStore, monkeypatch: pytest.MonkeyPatch) -> None:
    store = make_store()
    written: list[int] = []
    original = Path.open

    def open_on_full_disk(path: Path, mode: str = "r", *args: Any, **kwargs: Any) -> Any:
        file = original(path, mode, *args, **kwargs)
        if mode != "wb" or path.name != "download":
            return file

        class Full(io.BytesIO):
            def write(self, data: Any) -> int:
                written.append(len(data))
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        file.close()
        return Full()

    monkeypatch.setattr(Path, "open", open_on_full_disk)
    with pytest.raises(DownloadError, match=r"The disk of the data folder is full: tiny\.tflite could not be saved"):
        store.fetch("tiny")
    assert written  # the patch took effect
    monkeypatch.undo()
    assert has_kept_nothing(store)


@pytest.mark.skipif(sys.platform == "win32", reason="rights work otherwise there")
@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="root may write anywhere")
def test_a_data_folder_that_cannot_be_written(make_store: MakeStore) -> None:
    store = make_store()
    store.data.mkdir()
    store.data.chmod(0o500)
    with pytest.raises(DownloadError, match="could not be saved"):
        store.fetch("tiny")


def test_a_locks_folder_that_cannot_be_written(make_store: MakeStore) -> None:
    store = make_store()
    store.data.mkdir()
    (store.data / "locks").write_text("in the way")
    with pytest.raises(DownloadError, match="locks could not be saved"):
        store.fetch("tiny")


def test_cancelling_stops_even_a_stalled_server(make_store: MakeStore, mirror: Mirror) -> None:
    store = make_store()
    mirror.stalled.add("tiny.tflite")
    cancelled = threading.Event()

    def cancel_when_under_way(progress: Progress) -> None:
        if progress.stage is Stage.DOWNLOADING and progress.done:
            cancelled.set()

    with pytest.raises(Cancelled):
        store.fetch("tiny", on_progress=cancel_when_under_way, cancelled=cancelled)
    assert has_kept_nothing(store)
    mirror.stalled.clear()
    assert store.fetch("tiny").verified


def test_one_who_leaves_does_not_stop_the_others(make_store: MakeStore, mirror: Mirror) -> None:
    store, gone, kept = make_store(), threading.Event(), []
    mirror.delay_s = 0.5
    under_way = threading.Event()
    first = threading.Thread(
        target=lambda: kept.append(store.fetch("tiny", on_progress=lambda p: under_way.set() if p.total else None))
    )
    first.start()
    assert under_way.wait(10)
    gone.set()
    with pytest.raises(Cancelled):
        store.fetch("tiny", cancelled=gone)
    first.join(10)
    assert [report.verified for report in kept] == [True]


def test_threads_and_processes_asking_at_once_download_once(make_store: MakeStore, mirror: Mirror) -> None:
    store = make_store()
    mirror.delay_s = 0.5
    code = (
        "import sys; from pathlib import Path; from lib.catalogue.store import Store\n"
        "print(Store(Path(sys.argv[1]), Path(sys.argv[2])).fetch('tiny').bytes)"
    )
    command = [sys.executable, "-c", code, str(store.data), str(store._shipped)]
    processes = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    reports: list[int] = []
    threads = [threading.Thread(target=lambda: reports.append(store.fetch("tiny").bytes)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    answers = [process.communicate(timeout=60)[0].strip() for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    assert mirror.asked == {"tiny.tflite": 1, "rgb.txt": 1}
    downloaded = sum(1 for n in (*map(int, answers), *reports) if n)
    assert downloaded == 1  # the others waited, and found it ready


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is POSIX's")
def test_a_process_killed_half_way_leaves_nothing_in_the_way(make_store: MakeStore, mirror: Mirror) -> None:
    store = make_store()
    mirror.stalled.add("tiny.tflite")
    code = (
        "import sys; from pathlib import Path; from lib.catalogue.store import Store\n"
        "Store(Path(sys.argv[1]), Path(sys.argv[2])).fetch('tiny')"
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(store.data), str(store._shipped)], cwd=ROOT)
    partial = store.data / "incoming" / "tiny" / "download"
    deadline = time.monotonic() + 20
    while not partial.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    process.kill()
    process.wait()
    assert partial.exists()
    assert store.find("tiny").state == "downloadable"
    mirror.stalled.clear()
    assert store.fetch("tiny").verified
    assert not partial.parent.exists()


def test_a_password_in_the_mirrors_address_is_not_written_down(
    make_store: MakeStore, mirror: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISCERN_MIRROR", mirror.address.replace("http://", "http://ann:secret@"))
    store = make_store()
    store.fetch("tiny")
    card = (store.open_folder("tiny").path / "model.toml").read_text()
    assert mirror.address in card
    assert "secret" not in card


def pack(members: dict[str, bytes], links: dict[str, str] | None = None) -> bytes:
    """Return a .tgz."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as packed:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            packed.addfile(info, io.BytesIO(content))
        for name, target in (links or {}).items():
            info = tarfile.TarInfo(name)
            info.type, info.linkname = tarfile.SYMTYPE, target
            packed.addfile(info)
    return buffer.getvalue()


def test_an_archive_gives_its_model_and_labels_and_nothing_else(
    make_store: MakeStore, mirror: Mirror, tiny_bytes: bytes, tmp_path: Path
) -> None:
    store = make_store(kind="archive", file="a/tiny.tgz", sha256=None, labels=None, settle=True)
    members = {
        "../../escaped.ckpt": b"no",
        "/tmp/discern-escaped.txt": b"no",
        "x/._tiny.tflite": b"companion",
        "../x/tiny.tflite": tiny_bytes,
        "x/labels.txt": b"rouge\nvert\nbleu\n",
    }
    mirror.files["tiny.tgz"] = pack(members, {"x/link.tflite": "/etc/passwd"})
    store.fetch("tiny")
    folder = store.open_folder("tiny")
    assert folder.read_labels() == ("rouge", "vert", "bleu")
    assert sorted(p.name for p in folder.path.iterdir()) == ["labels.txt", "model.tflite", "model.toml"]
    assert not list(tmp_path.rglob("*escaped*"))
    assert not Path("/tmp/discern-escaped.txt").exists()
    # The catalogue said nothing reliable: size and activation come from the model.
    assert folder.spec.input.size_wh == (6, 4)
    assert folder.spec.output.activation == "logits"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        pytest.param(b"<html>Please log in</html>", "The archive tiny.tgz is damaged", id="a portal's page"),
        pytest.param(pack({"readme": b"hello"}), "must contain exactly one .tflite file", id="no model"),
        pytest.param(
            pack({"a.tflite": b"1", "b.tflite": b"2"}), "must contain exactly one .tflite file", id="two models"
        ),
        pytest.param(pack({"a.tflite": os.urandom(90_000)})[:40_000], "The archive tiny.tgz is damaged", id="cut"),
        pytest.param(pack({}, {"tiny.tflite": "/etc/passwd"}), "must contain exactly one .tflite file", id="a link"),
    ],
)
def test_a_bad_archive_is_named(content: bytes, sentence: str, make_store: MakeStore, mirror: Mirror) -> None:
    store = make_store(kind="archive", file="a/tiny.tgz", sha256=None, labels=None, settle=True)
    mirror.files["tiny.tgz"] = content
    with pytest.raises(ModelFileError, match=sentence):
        store.fetch("tiny")
    assert not (store.models / "tiny").exists()
    assert not (store.data / "digests.json").exists()  # a bad first download is no measure for later ones
    assert not list((store.data / "incoming").iterdir())


def test_a_file_that_is_not_what_the_catalogue_says_is_refused(make_store: MakeStore, mirror: Mirror) -> None:
    store = make_store()
    mirror.files["rgb.txt"] = b"red\ngreen\n"
    with pytest.raises(ModelFileError, match="3 outputs, but its label file has 2 names"):
        store.fetch("tiny")
    catalogue = store._shipped / "catalogue.toml"
    catalogue.write_text(catalogue.read_text().replace("[6, 4]", "[4, 6]"))
    other = Store(store.data.with_name("other"), store._shipped)
    mirror.files["rgb.txt"] = b"red\ngreen\nblue\n"
    with pytest.raises(ModelFileError, match=r"does not match the catalogue: its input is \(6, 4\)"):
        other.fetch("tiny")
    assert has_kept_nothing(other)


def test_a_damaged_folder_is_reported_and_hides_nothing(make_store: MakeStore, tiny_model: Any) -> None:
    store = make_store()
    good, bad = store.models / "mine", store.models / "broken"
    shutil.copytree(tiny_model("float32").path, good)
    card = good / "model.toml"
    card.write_text(card.read_text().replace('id = "float32"', 'id = "mine"'))
    bad.mkdir()
    (bad / "model.toml").write_text("id = ")
    (store.models / "empty").mkdir()
    shutil.copytree(tiny_model("int8").path, store.models / "renamed")
    assert [(e.spec.id, e.kind, e.state) for e in store.entries()] == [
        ("mine", "yours", "ready"),
        ("tiny", "catalogue", "downloadable"),
    ]
    texts = " ".join(str(p) for p in store.problems())
    assert len(store.problems()) == 3
    assert "broken/model.toml is not valid TOML" in texts
    assert "empty/model.toml could not be read" in texts
    assert "The folder renamed contains the model int8" in texts
    shutil.rmtree(bad)
    assert len(store.problems()) == 2
    (good / "model.tflite").unlink()
    card.touch()
    assert [e.spec.id for e in store.entries()] == ["tiny"]


def test_models_stand_in_the_order_in_which_they_are_offered(make_store: MakeStore, tiny_model: Any) -> None:
    store = make_store()
    for name in ("alpha", "starter-small", "starter-scratch"):
        folder = store._shipped / name
        shutil.copytree(tiny_model("float32").path, folder)
        card = folder / "model.toml"
        card.write_text(card.read_text().replace('id = "float32"', f'id = "{name}"'))
    assert [(e.spec.id, e.kind) for e in store.entries()] == [
        ("starter-scratch", "shipped"),
        ("starter-small", "shipped"),
        ("alpha", "shipped"),
        ("tiny", "catalogue"),
    ]
    assert store.fetch("starter-scratch").bytes == 0


def test_a_model_is_found_by_the_id_it_once_had_unless_another_has_it_now(
    make_store: MakeStore, tiny_model: Any
) -> None:
    store = make_store()
    with (store._shipped / "catalogue.toml").open("a") as file:
        file.write('[aliases]\nolder = "old"\nold = "tiny"\nfloat32 = "tiny"\n')
    store.models.mkdir(parents=True)
    shutil.copytree(tiny_model("float32").path, store.models / "float32")
    assert [store.find(model).spec.id for model in ("tiny", "old", "older", "float32")] == ["tiny"] * 3 + ["float32"]
    assert store.current_id("nobody") == "nobody"
    assert store.free_id("old") == "old-2"
    assert len(store.open_folders(["float32", "float32"])) == 1


def test_importing_the_store_brings_nothing_heavy() -> None:
    code = (
        "import sys, lib.catalogue.store; print(*{'numpy', 'requests', 'streamlit', 'tensorflow'} & set(sys.modules))"
    )
    out = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert out.strip() == ""


# Deleting -----------------------------------------------------------------------------------------------------------


def test_a_downloaded_model_is_deleted_whole_and_can_be_fetched_again(make_store: MakeStore, mirror: Mirror) -> None:
    store = make_store()
    store.fetch("tiny")
    assert store.find("tiny").is_removable
    store.remove("tiny")
    store.remove("tiny")  # by another visitor, in the same moment
    assert store.find("tiny").state == "downloadable"
    assert not [*store.models.iterdir(), *(store.data / "incoming").iterdir()]
    store.fetch("tiny")
    assert mirror.asked["tiny.tflite"] == 2
    assert store.find("tiny").state == "ready"


def test_answers_go_on_with_a_model_that_was_deleted_meanwhile(make_store: MakeStore) -> None:
    store = make_store()
    store.fetch("tiny")
    loaded = open_classifier(store.open_folder("tiny"), workers=2)
    store.remove("tiny")
    assert loaded.run(loaded.prepare(plain(RED))).probabilities.shape == (3,)


def test_a_model_of_ones_own_is_deleted_and_only_a_link_to_one_is(make_store: MakeStore, tmp_path: Path) -> None:
    store = make_store()
    put(store.data, "mine")
    put(tmp_path / "elsewhere", "linked")
    (store.models / "linked").symlink_to(tmp_path / "elsewhere" / "models" / "linked", target_is_directory=True)
    assert {e.spec.id for e in store.entries() if e.is_removable} == {"mine", "linked"}
    for model in ("mine", "linked"):
        store.remove(model)
    assert [e.spec.id for e in store.entries()] == ["tiny"]
    assert (tmp_path / "elsewhere" / "models" / "linked" / "model.tflite").is_file()


def test_a_model_that_comes_with_the_app_stays(tmp_path: Path) -> None:
    store = Store(tmp_path)
    assert not any(e.is_removable for e in store.entries() if e.kind == "shipped")
    with pytest.raises(UsageError, match="comes with the app"):
        store.remove("starter")
    assert store.open_folder("starter").weights_path.is_file()
    with pytest.raises(UsageError, match="comes with the app"):
        store.remove("starter")


def test_a_model_that_cannot_be_deleted_is_one_sentence(make_store: MakeStore) -> None:
    store = make_store()
    store.fetch("tiny")
    shutil.rmtree(store.data / "incoming")
    (store.data / "incoming").write_text("no folder")
    with pytest.raises(DownloadError, match="could not be saved"):
        store.remove("tiny")
    assert store.find("tiny").state == "ready"
