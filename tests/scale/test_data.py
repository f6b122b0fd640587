"""What Ray's workers do, without Ray: the same answers, from paths that were sent."""

import importlib.util
import json
import os
import pickle
from collections.abc import Callable
from pathlib import Path

import pytest

from lib.classify.infer import Settings, conclude, infer
from lib.classify.opening import open_classifier
from lib.cli.main import main
from lib.errors import ModelFileError, UsageError
from lib.i18n import Translator
from lib.model.spec import ModelFolder
from lib.photos.finding import find
from lib.photos.source import Source
from lib.reports.classifications import to_object
from lib.reports.columns import to_objects
from lib.results import Answer
from lib.scale.data import BLOCK_PHOTOS, Asker, blocks_of, check_plan
from lib.scale.models import Shipped
from tests.support.pictures import encode, noise

Opened = Callable[[str], ModelFolder]


@pytest.fixture
def photos(tmp_path: Path) -> list[Source]:
    """As many photos as fill a block, and one more, of which one is broken."""
    for number in range(BLOCK_PHOTOS + 1):
        (tmp_path / f"{number:03}.png").write_bytes(encode(noise(12, 8, number), "PNG"))
    (tmp_path / "007.png").write_bytes(b"no photo")
    return [found.source for found in find(str(tmp_path), lambda error: None)]


def test_workers_answer_as_this_process_does(photos: list[Source], tiny_model: Opened) -> None:
    folders, settings, say = [tiny_model("float32"), tiny_model("thirds")], Settings(top=2), Translator("ko")
    asker = Asker(pickle.loads(pickle.dumps([Shipped.of(folder) for folder in folders])), settings, "ko")
    answers = [row for block in blocks_of(photos) for row in to_objects(asker(block))]
    expected = []
    for photo in photos:
        for folder in folders:
            answer = infer(photo, open_classifier(folder, workers=1))
            labels = folder.read_labels("ko")
            outcome = conclude(answer, labels, settings) if isinstance(answer, Answer) else answer
            expected.append(to_object(outcome, say))
    assert list(map(json.dumps, answers)) == list(map(json.dumps, expected))
    assert sum("error" in answer for answer in answers) == 2


def test_paths_travel_and_no_photos(tmp_path: Path) -> None:
    for number in range(2 * BLOCK_PHOTOS + 1):
        (tmp_path / f"{number}.png").write_bytes(encode(noise(60, 40, number), "PNG"))  # 7 kB
    blocks = list(blocks_of(found.source for found in find(str(tmp_path), lambda error: None)))
    assert [block.num_rows for block in blocks] == [1, 1, 1]
    assert sum(block.nbytes for block in blocks) < 300 * (2 * BLOCK_PHOTOS + 1)


def test_a_path_is_the_same_for_a_process_that_is_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.png").write_bytes(b"here")
    monkeypatch.chdir(tmp_path)
    sent = pickle.dumps([found.source for found in find("a.png", lambda error: None)])
    monkeypatch.chdir("/")
    (source,) = pickle.loads(sent)
    assert (source.name, source.read()) == ("a.png", b"here")


def test_a_model_that_is_sent_needs_none_of_its_files_where_it_arrives(tmp_path: Path, tiny_model: Opened) -> None:
    folder = tiny_model("float32")
    sent = pickle.dumps(Shipped.of(folder))
    with pickle.loads(sent).laid_out() as there:
        assert there.path != folder.path
        assert (there.spec, there.read_weights()) == (folder.spec, folder.read_weights())
        assert there.read_labels() == folder.read_labels()
    assert not there.path.exists()


def test_a_model_whose_file_was_changed_is_not_sent(tiny_model: Opened) -> None:
    folder = tiny_model("float32")
    with pytest.raises(ModelFileError, match="changed after they were checked"):
        Shipped.of(ModelFolder(folder.spec, folder.path, sha256="0" * 64))


@pytest.mark.parametrize(
    ("actors", "cores", "is_fine"),
    [(1, 1, True), (2, 1, False), (2, 2, True), (3, 2, True), (4, 2, False), (16, 16, True), (0, 2, False)],
)
def test_a_plan_that_would_wait_for_ever_is_refused(actors: int, cores: int, is_fine: bool) -> None:
    if is_fine:
        check_plan(actors, cores)
    else:
        with pytest.raises(UsageError, match=rf"^{actors} workers are too many or too few for the {cores} cores"):
            check_plan(actors, cores)


@pytest.fixture
def is_installed(monkeypatch: pytest.MonkeyPatch) -> Callable[[bool], None]:
    """Make Ray look installed, or not."""
    real = importlib.util.find_spec

    def pretend(there: bool) -> None:
        monkeypatch.setattr(
            importlib.util, "find_spec", lambda name, *rest: there or None if name == "ray" else real(name, *rest)
        )

    return pretend


@pytest.mark.parametrize(
    ("there", "arguments", "sentence"),
    [
        (False, ["--engine", "ray", "--json"], "not installed: pip install -r requirements-scale.txt"),
        (True, ["--engine", "ray"], "with --json, or into a folder with --out"),
        (True, ["--engine", "ray", "--json", "--workers", "0"], "--workers is a number from 1 on, not 0."),
        (True, ["--engine", "ray", "--json", "--workers", "9999"], "9999 workers are too many or too few"),
        (False, ["--workers", "2"], "--workers is for --engine ray"),
    ],
)
def test_what_ray_needs_is_told_before_anything_begins(
    tmp_path: Path,
    is_installed: Callable[[bool], None],
    capsys: pytest.CaptureFixture[str],
    there: bool,
    arguments: list[str],
    sentence: str,
) -> None:
    is_installed(there)
    assert main(["classify", os.fspath(tmp_path), *arguments]) == 2
    assert sentence in capsys.readouterr().err


def test_serving_with_ray_needs_it_too(
    is_installed: Callable[[bool], None], capsys: pytest.CaptureFixture[str]
) -> None:
    is_installed(False)
    assert main(["serve", "--engine", "ray", "--port", "0"]) == 2
    assert "not installed: pip install -r requirements-scale.txt" in capsys.readouterr().err
