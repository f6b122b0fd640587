"""Which photos and classes are remarked upon."""

from pathlib import Path

import numpy as np
import pytest

from lib.catalogue.store import DEFAULT_ID, Store
from lib.formats.graft import Pooling
from lib.photos.opening import open_with_size
from lib.training.check import About, Remark, Suspect, doubt, remarks, suspects
from lib.training.features import PLAIN, Backbone, View
from lib.training.heads import fit
from lib.training.traits import SIDE, Trait, Traits, measure

APART = np.random.default_rng(0)


def directions(towards: list[int]) -> np.ndarray:
    """Return features of length 1, one a photo, close to one of three axes."""
    made = np.eye(3)[towards] + np.random.default_rng(0).normal(0, 0.05, (len(towards), 3))
    return (made / np.linalg.norm(made, axis=1, keepdims=True)).astype(np.float16)


def photos(count: int, light: float = 0.5, rim: float | None = None) -> list[Traits]:
    """Return photos with backgrounds of their own, or with that of `rim`."""
    made = []
    for _ in range(count):
        amounts = np.zeros(len(Trait))
        amounts[Trait.LIGHT.place] = light
        made.append(Traits(amounts, APART.uniform(0, 255, (28, 3)) if rim is None else np.full((28, 3), rim)))
    return made


def said(names: tuple[str, ...], counts: tuple[int, ...], traits: list[Traits], **more: object) -> list[str]:
    labels = np.repeat(np.arange(len(counts)), counts)
    groups = np.asarray(more.get("groups", np.arange(len(labels))), np.intp)
    bursts = more.get("bursts", [None] * len(labels))
    found = remarks(names, labels, traits, groups, bursts)  # type: ignore[arg-type]
    return [str(remark.says) for remark in found]


def test_a_photo_among_those_of_another_class_is_doubted() -> None:
    features = directions([0] * 6 + [1] * 6 + [1])
    labels = np.array([0] * 6 + [1] * 6 + [0])
    answers, sure = np.array([0] * 6 + [1] * 6 + [1]), np.full(13, 0.94)
    assert suspects(answers, sure, labels, features, np.arange(13)) == (Suspect(12, 0, 1, 0.94),)


@pytest.mark.parametrize(
    ("probability", "own_neighbours"),
    [pytest.param(0.69, 0, id="not sure enough"), pytest.param(0.99, 2, id="two of the five like it agree")],
)
def test_a_photo_is_not_doubted_lightly(probability: float, own_neighbours: int) -> None:
    features = directions([0] * 6)
    labels = np.array([0] * own_neighbours + [1] * (5 - own_neighbours) + [0])
    answers = np.append(labels[:5], 1)
    sure = np.append(np.full(5, 0.9), probability)
    assert suspects(answers, sure, labels, features, np.arange(6)) == ()


def test_photos_that_are_nearly_the_same_do_not_speak_for_each_other() -> None:
    features = directions([1] * 12)
    labels = np.array([0] * 6 + [1] * 6)
    groups = np.array([0] * 6 + [1, 2, 3, 4, 5, 6])
    found = suspects(np.ones(12, np.intp), np.full(12, 0.9), labels, features, groups)
    assert sorted(suspect.photo for suspect in found) == [0, 1, 2, 3, 4, 5]


def test_the_likeliest_comes_first() -> None:
    features = directions([1] * 8)
    labels = np.array([1] * 6 + [0, 0])
    found = suspects(np.ones(8, np.intp), np.array([0.9] * 6 + [0.85, 0.97]), labels, features, np.arange(8))
    assert [suspect.photo for suspect in found] == [7, 6]


def test_the_doubt_is_a_sentence() -> None:
    assert str(doubt(Suspect(3, 0, 1, 0.94), ("bird", "dog"))) == "You said bird. Left out, it says dog (94%)."


def test_two_classes_with_enough_of_everything_are_not_remarked_upon() -> None:
    assert said(("cat", "dog"), (12, 12), photos(24)) == []


def test_dark_against_bright_is_a_lesson_and_says_what_to_do() -> None:
    traits = photos(12, light=0.2) + photos(12, light=0.7)
    labels = np.repeat([0, 1], 12)
    (remark,) = remarks(("cat", "dog"), labels, traits, np.arange(24), [None] * 24)
    assert isinstance(remark, Remark)
    assert remark.about is About.LESSON
    assert str(remark.says) == "Nearly always, a photo of cat is darker than one of dog."
    assert "the light instead of the thing" in str(remark.tip)


def test_photos_that_are_nearly_the_same_are_few_moments() -> None:
    found = said(("cat", "dog"), (12, 12), photos(24), groups=np.r_[np.repeat(np.arange(3), 4), np.arange(3, 15)])
    assert found == ["cat has 12 photos, but from 3 moments only."]


def test_a_background_of_its_own_gives_a_class_away() -> None:
    found = said(("cat", "dog"), (12, 12), photos(12, rim=20.0) + photos(12, rim=200.0))
    assert found == [
        "All photos of cat have nearly the same background, and the others have another.",
        "All photos of dog have nearly the same background, and the others have another.",
    ]


def test_one_background_for_all_is_said_once() -> None:
    found = said(("cat", "dog"), (12, 12), photos(24, rim=20.0))
    assert found == ["All photos have nearly the same background."]


@pytest.mark.parametrize(
    ("counts", "sentences"),
    [
        pytest.param((4, 12), ["cat has few photos: 4.", "dog has 12 photos, cat only 4."], id="few, uneven"),
        pytest.param((12, 0), ["dog has no photos."], id="none"),
        pytest.param((12, 36), ["dog has 36 photos, cat only 12."], id="uneven"),
        pytest.param((12, 35), [], id="even enough"),
    ],
)
def test_what_is_missing_is_said(counts: tuple[int, int], sentences: list[str]) -> None:
    assert said(("cat", "dog"), counts, photos(sum(counts))) == sentences


def test_one_burst_is_one_moment() -> None:
    found = said(("cat", "dog"), (12, 12), photos(24), bursts=["a"] * 12 + [None] * 12)
    assert found == ["All photos of cat were taken in one go."]


def test_no_photos_at_all() -> None:
    assert said(("cat",), (0,), []) == ["cat has no photos."]
    assert said((), (), []) == []


def real(shared: Path, dataset: str, each: int) -> tuple[list[Path], np.ndarray]:
    """Return the first photos of each class, and their classes."""
    folders = sorted((shared / "datasets" / dataset / "train").iterdir())
    files = [file for folder in folders for file in sorted(folder.iterdir())[:each]]
    return files, np.repeat(np.arange(len(folders)), each)


def test_exchanged_labels_of_real_photos_are_found_and_few_others_named(shared: Path, tmp_path: Path) -> None:
    files, truth = real(shared, "cats-vs-dogs", 24)
    backbone = Backbone(Store(tmp_path).open_folder(DEFAULT_ID))
    rows = [backbone.read_photo(file.read_bytes(), file.name) for file in files]
    features = np.stack([row.rows[View(Pooling.WHOLE, PLAIN)] for row in rows])

    def named(labels: np.ndarray) -> set[int]:
        fitted = fit(rows, labels.tolist(), 2)
        assert fitted is not None
        answers, sure = fitted.out_of_fold.argmax(axis=1), fitted.out_of_fold.max(axis=1)
        return {suspect.photo for suspect in suspects(answers, sure, labels, features, np.arange(len(labels)))}

    exchanged = {3, 11, 30, 41}
    labels = truth.copy()
    labels[list(exchanged)] = 1 - labels[list(exchanged)]
    assert len(named(labels) & exchanged) >= 2
    assert len(named(labels) - exchanged) <= 1
    assert len(named(truth)) <= 1


@pytest.mark.parametrize(
    ("dataset", "sentences"),
    [
        pytest.param("ants-vs-bees", [], id="from anywhere"),
        pytest.param("hand-digits", ["All photos have nearly the same background."], id="before one wall"),
    ],
)
def test_what_is_said_of_real_photos_is_true(shared: Path, dataset: str, sentences: list[str]) -> None:
    files, labels = real(shared, dataset, 15)
    traits = [measure(*open_with_size(file.read_bytes(), file.name, at_least=SIDE)) for file in files]
    names = [str(label) for label in range(labels.max() + 1)]
    found = remarks(names, labels, traits, np.arange(len(labels)), [None] * len(labels))
    assert [str(remark.says) for remark in found] == sentences
