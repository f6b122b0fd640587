"""What live models really learn with: rows of a backbone, and the heads on them."""

from pathlib import Path

import numpy as np
import pytest

from lib.catalogue.store import Store
from lib.errors import ModelFileError, UnknownModelError, UsageError
from lib.formats.graft import Pooling
from lib.projects import learner as learner_module
from lib.projects.learner import Learners, TransferLearner, head_settings
from lib.projects.live import Lesson
from lib.projects.project import Kept, Klass, Settings
from lib.projects.result import By
from lib.training.features import PLAIN, Pose, View
from lib.training.heads import HeadSettings
from tests.support.pictures import BLUE, RED, encode, plain
from tests.support.user_models import TINY, store_of

CLASSES = (Klass(1, "red"), Klass(2, "blue"))


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return store_of(tmp_path_factory.mktemp("home"), {"net": TINY / "float32"})


@pytest.fixture
def learner(store: Store) -> TransferLearner:
    return Learners(store)(Settings("net"))


def photo(colour: tuple[int, int, int]) -> bytes:
    return encode(plain(colour), "PNG")


def lesson(learner: TransferLearner) -> Lesson:  # type: ignore[type-arg]
    colours = [(red, 0, 0) for red in (255, 240, 225)] + [(0, 0, blue) for blue in (255, 240, 225)]
    rows = [learner.read(photo(colour), "x.png") for colour in colours]
    photos = [Kept(number, 1 + number // 3, f"{number}.png", f"{number}", 1) for number in range(6)]
    return Lesson(photos, rows, [0, 0, 0, 1, 1, 1], CLASSES, range(6), Settings("net"))


def test_what_is_left_open_takes_every_look(learner: TransferLearner) -> None:
    assert learner.needs == {Pose(look, flip) for look in ("whole", "square") for flip in (False, True)}
    assert learner.pinned(None).needs == {PLAIN}


def test_a_pinned_one_does_as_the_head_did_and_as_its_owner_says(store: Store, learner: TransferLearner) -> None:
    head = learner.fit(lesson(learner)).head
    kind = head.head.kind
    expected = HeadSettings(str(kind.pooling), kind.look, "on" if kind.is_mirrored else "off")  # type: ignore[arg-type]
    assert learner.pinned(head).settings == expected
    chosen = Settings("net", look="square", pooling="2x2", mirror="on", seed=7)
    assert Learners(store)(chosen).pinned(head).settings == head_settings(chosen)


def test_of_a_photo_only_what_is_lacking_is_read(learner: TransferLearner) -> None:
    quick = learner.pinned(None).read(photo(RED), "x.png")
    assert learner.lacks(quick)
    both = learner.read(photo(RED), "x.png", quick)
    assert not learner.lacks(both)
    assert both.poses == learner.needs


def test_rows_come_back_from_the_disk_as_they_were(learner: TransferLearner, tmp_path: Path) -> None:
    rows = learner.read(photo(RED), "x.png")
    assert learner.load(tmp_path, "digest") is None
    learner.save(tmp_path, "digest", rows)
    back = learner.load(tmp_path, "digest")
    assert back is not None
    assert {view: row.tolist() for view, row in back.rows.items()} == {v: row.tolist() for v, row in rows.rows.items()}


def test_a_head_tells_classes_apart_and_how_well(learner: TransferLearner) -> None:
    fit = learner.fit(lesson(learner))
    seen = learner.see(photo((250, 0, 0)), "x.png", fit.head)
    probabilities = fit.head.probabilities(seen.rows)
    assert probabilities.argmax() == 0
    assert probabilities.sum() == pytest.approx(1)
    assert seen.size_wh == plain(RED).size
    assert fit.result is not None
    assert (fit.result.by, fit.result.share.count, fit.result.share.total) == (By.EACH, 6, 6)
    assert [one.photo.id for one in fit.result.said] == list(range(6))
    assert fit.notes, "what was chosen is said"


@pytest.mark.parametrize("pooling", ["1x1", "2x2"])
def test_what_a_device_saw_by_itself_is_taken_for_the_photo(learner: TransferLearner, pooling: str) -> None:
    quick = TransferLearner(learner.backbone, HeadSettings(pooling, "whole", "off"))  # type: ignore[arg-type]
    head = quick.fit(lesson(quick)).head
    eyes, seen = quick.eyes(head), quick.see(photo(RED), "x.png", head)
    wanted = [Pooling.WHOLE, *([] if eyes.parts == 1 else [Pooling.QUARTERS])]
    numbers = np.concatenate([3.0 * seen.rows.rows[View(each, Pose("whole"))] for each in wanted]).astype(np.float32)
    assert len(numbers) == eyes.depth * (1 if eyes.parts == 1 else 5)
    told = quick.given(numbers, head)
    assert head.probabilities(told.rows) == pytest.approx(head.probabilities(seen.rows), abs=1e-3)
    for wrong in (numbers[:-1], np.zeros_like(numbers), np.full_like(numbers, np.nan), numbers[:0]):
        with pytest.raises(UsageError, match="has changed"):
            quick.given(wrong, head)


def test_the_likest_photos_point_the_same_way(learner: TransferLearner) -> None:
    red, dark, blue = (
        learner.direction(learner.read(photo(colour), "x.png"), None).astype(np.float32)
        for colour in (RED, (250, 0, 0), BLUE)
    )
    assert red @ dark > red @ blue
    assert np.linalg.norm(red) == pytest.approx(1, abs=1e-3)


def test_a_backbone_is_opened_once_and_again_when_its_file_is_another(store: Store) -> None:
    now = [0.0]
    learners = Learners(store, lambda: now[0])
    first = learners(Settings("net")).backbone
    now[0] = 60.0
    assert learners(Settings("net", seed=3)).backbone is first
    with pytest.raises(UnknownModelError):
        learners(Settings("no-such"))


def test_only_networks_that_have_features_are_offered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(tmp_path)
    assert ("starter", "Discern starter") in Learners(store).names()

    def no_features(content: bytes, file: str) -> None:
        raise ModelFileError("No features.")

    monkeypatch.setattr(learner_module, "lengths", no_features)
    assert Learners(store).names() == []
