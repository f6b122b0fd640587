"""Where a model looked: maps that add up, that say more than "in the middle", and that come again."""

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter

from lib.catalogue.store import SHIPPED
from lib.classify.classifier import Classifier
from lib.classify.explain import Explainer, Explanation, open_explainer, rise
from lib.classify.infer import pixels_needed
from lib.classify.opening import open_classifier
from lib.errors import Cancelled
from lib.model.spec import RESIZE_RULES, ModelFolder, load
from lib.photos.opening import open_with_size
from lib.work.progress import Progress
from tests.support.pictures import BLUE, noise, plain

SHARED = Path(__file__).resolve().parents[3] / "shared"
STEPS, PHOTOS = 16, 20
BEYOND_THE_CENTRE = 0.1  # asked; 0.2 was measured on 60 photos


@pytest.fixture(scope="module")
def small() -> ModelFolder:
    return load(SHIPPED / "starter-small")


def explainer_of(folder: ModelFolder) -> Explainer:
    explainer = open_explainer(folder, workers=1)
    assert explainer is not None
    return explainer


def test_each_class_adds_up_and_so_does_one_against_another(small: ModelFolder) -> None:
    looked = explainer_of(small).look(noise(90, 70), (90, 70))
    for index in range(20):
        found = looked.explain(index)
        assert found.vote == pytest.approx(found.total, abs=1e-3)
        assert not found.is_rounded
        assert found.probability == looked.found.probabilities[index]
    first, second, both = looked.explain(3), looked.explain(7), looked.explain(3, 7)
    assert both.cells == pytest.approx(first.cells - second.cells, abs=1e-9)
    assert both.total == pytest.approx(first.total - second.total)
    assert (both.index, both.against) == (3, 7)


def test_a_background_moves_the_classes(small: ModelFolder) -> None:
    spec = replace(small.spec, output=replace(small.spec.output, classes=19, background="first"))
    moved = explainer_of(replace(small, spec=spec)).look(noise(90, 70), (90, 70))
    plainly = explainer_of(small).look(noise(90, 70), (90, 70))
    assert moved.explain(0).total == plainly.explain(1).total


@pytest.mark.parametrize("rule", RESIZE_RULES)
def test_the_box_is_what_the_model_saw(small: ModelFolder, rule: str) -> None:
    spec = replace(small.spec, input=replace(small.spec.input, resize=rule))
    found = explainer_of(replace(small, spec=spec)).look(noise(200, 100), (2000, 1000)).explain(0)
    expected = {"squash": (0, 0, 2000, 1000), "crop": (125, 62, 1875, 938), "middle": (500, 0, 1500, 1000)}
    assert found.box == expected.get(rule, (563, 63, 1438, 938))
    assert found.size_wh == (2000, 1000)


def test_a_model_that_comes_to_its_votes_otherwise_has_no_such_map(
    tiny_model: Callable[[str], ModelFolder],
) -> None:
    assert open_explainer(tiny_model("float32")) is None


def map_of(cells: np.ndarray) -> Explanation:
    return Explanation("cam", cells, 0, None, 0.5, 0.0, None, (0, 0, 10, 10), (10, 10))


@pytest.mark.parametrize("side", [3, 7, 8])
def test_the_place_is_where_the_votes_are_dense(side: int) -> None:
    cells = np.full((side, side), -1.0)
    cells[0, -1] = 5.0
    assert map_of(cells).place == (0, 2)
    assert map_of(np.ones((side, side))).place is None
    assert map_of(-np.ones((side, side))).place is None
    cells = np.zeros((side, side))
    cells[side // 2, side // 2] = 1.0
    assert map_of(cells).place == (1, 1)


def test_rise_finds_the_part_that_counts_and_is_the_same_each_time(small: ModelFolder) -> None:
    classifier, photo = open_classifier(small, workers=1), noise(96, 96)
    told: list[Progress] = []
    first = rise(classifier, photo, (96, 96), 2, on_progress=told.append)
    assert np.array_equal(first.cells, rise(classifier, photo, (96, 96), 2).cells)
    assert not np.array_equal(first.cells, rise(classifier, photo, (96, 96), 2, seed=1).cells)
    assert (told[-1].done, told[-1].total) == (100, 100)
    over = threading.Event()
    over.set()
    with pytest.raises(Cancelled):
        rise(classifier, photo, (96, 96), 2, cancelled=over)


class Corner:
    """A stand-in that sees nothing but the top left of its photo: the bluer, the likelier is its second class."""

    workers, labels = 1, ("other", "blue")

    def __init__(self, folder: ModelFolder) -> None:
        self.spec = folder.spec

    def prepare(self, image: Image.Image) -> np.ndarray:
        return np.asarray(image.resize((64, 64)))[None]

    def run(self, tensor: np.ndarray) -> object:
        blue = float(tensor[0, :20, :20, 2].mean()) / 255

        class Found:
            probabilities = np.array([1 - blue, blue])

        return Found()


def test_rise_points_at_what_the_answer_depends_on(small: ModelFolder) -> None:
    photo = plain((0, 0, 0), 64, 64)
    photo.paste(plain(BLUE, 20, 20), (0, 0))
    classifier: Classifier = Corner(small)  # type: ignore[assignment]
    found = rise(classifier, photo, (64, 64), 1)
    assert found.place == (0, 0)
    assert found.cells[:4, :4].min() > found.cells[6:, 6:].max()


# Is the map worth more than a guess at the middle?


def area(classifier: Classifier, tensor: np.ndarray, blurred: np.ndarray, order: np.ndarray, index: int) -> float:
    """Return insertion minus deletion: the areas under the probability while pixels come and while they go.

    The pixels that the map holds for the weightiest come, or go, first; in their place is a blurred photo (Petsiuk,
    Das and Saenko, arXiv 1806.07421, section 4.2).
    """
    rank = np.empty(order.size, np.int64)
    rank[np.argsort(-order.ravel(), kind="stable")] = np.arange(order.size)
    rank = rank.reshape(order.shape)
    difference = 0.0
    for step in range(STEPS + 1):
        chosen = (rank < order.size * step / STEPS)[None, :, :, None]
        for sign, mixed in ((1, np.where(chosen, tensor, blurred)), (-1, np.where(chosen, blurred, tensor))):
            share = classifier.run(mixed.astype(tensor.dtype)).probabilities[index]
            difference += sign * float(share) / (STEPS + 1)
    return difference


@pytest.mark.parametrize("model", ["starter-scratch"])
def test_the_map_beats_the_guess_that_it_looks_at_the_middle(model: str, capsys: pytest.CaptureFixture[str]) -> None:
    photos = sorted((SHARED / "datasets" / "everyday-20" / "val").glob("*/*"))
    if not photos:
        pytest.skip("../shared is absent: it has the photos")
    explainer = explainer_of(load(SHIPPED / model))
    classifier, gains = explainer.classifier, []
    for path in photos[:: len(photos) // PHOTOS][:PHOTOS]:
        image, size_wh = open_with_size(path.read_bytes(), path.name, at_least=pixels_needed(classifier))
        looked = explainer.look(image, size_wh)
        index = int(looked.found.probabilities.argmax())
        tensor = classifier.prepare(image)
        blurred = classifier.prepare(image.filter(ImageFilter.GaussianBlur(max(image.size) / 20)))
        height, width = tensor.shape[1:3]
        cells = Image.fromarray(looked.explain(index).cells.astype(np.float32))
        map_ = np.asarray(cells.resize((width, height), Image.Resampling.BICUBIC))
        rows, columns = np.mgrid[:height, :width]
        middle = -np.hypot(rows / height - 0.5, columns / width - 0.5)
        gains.append([area(classifier, tensor, blurred, order, index) for order in (map_, middle)])
    of_map, of_middle = np.mean(gains, axis=0)
    with capsys.disabled():
        print(f"\n{model}, {len(gains)} photos: insertion minus deletion {of_map:.3f}, of the middle {of_middle:.3f}")
    assert of_map - of_middle >= BEYOND_THE_CENTRE
