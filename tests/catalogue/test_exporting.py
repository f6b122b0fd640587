"""Files to take away: made of an own model, compared with its float32 form, refused where they answer otherwise."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lib.catalogue import exporting
from lib.catalogue.comparing import Check, Photos, at_least, compare, photos_given, photos_of
from lib.catalogue.exporting import Exporter, Form, forms_of
from lib.catalogue.importing import Said, add, look
from lib.catalogue.store import Store
from lib.catalogue.twin import float_twin
from lib.classify.opening import open_classifier
from lib.datasets.labelled import LabelledPhoto, LabelledPhotos
from lib.errors import ModelFileError
from lib.formats.head import read_head
from lib.formats.tables import Format, read_format
from lib.model.spec import ModelFolder
from lib.photos.source import Source
from tests.support.own_models import put_own
from tests.support.pictures import encode, noise

CHECK = Check(photos=100, same=90, largest=0.2, labelled=50, right=40, lost=3, gained=2, are_unseen=True)


def photo(seed: int) -> Source:
    return Source.of_bytes(encode(noise(40, 30, seed), "PNG"), f"{seed}.png")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """A data folder with a model of a user's own: four classes of random numbers on the 8-bit backbone."""
    store = Store(tmp_path_factory.mktemp("data"))
    put_own(store, "mine")
    return store


@pytest.fixture(scope="module")
def mine(store: Store) -> ModelFolder:
    return store.open_folder("mine")


def test_a_model_in_8_bits_has_a_twin_with_the_same_head_in_float32(store: Store, mine: ModelFolder) -> None:
    twin = float_twin(mine, store)
    assert read_format(mine) is Format.INT8
    assert read_format(twin) is Format.FLOAT32
    own, other = (read_head(folder.read_weights(), "x") for folder in (mine, twin))
    assert own is not None
    assert other is not None
    assert np.array_equal(own.weight, other.weight)
    assert twin.spec.input == mine.spec.input
    assert twin.read_labels() == mine.read_labels()
    written = twin.weights_path.stat().st_mtime_ns
    assert float_twin(mine, store).weights_path.stat().st_mtime_ns == written, "it is made once"


@pytest.mark.parametrize("form", [Form.AS_IT_IS, Form.FLOAT16])
def test_a_litert_file_comes_back_in_as_what_it_was(
    store: Store, mine: ModelFolder, tmp_path: Path, form: Form
) -> None:
    made = Exporter(mine, None, store).make(form)
    file = tmp_path / "sent.tflite"
    file.write_bytes(made.read())
    back = add(look(file, file.name), Said(name=f"back {form}"), Store(tmp_path / "elsewhere"))
    assert back.read_labels() == mine.read_labels()
    assert back.spec.input == mine.spec.input
    assert (back.spec.novelty is None) is (form is not Form.AS_IT_IS or mine.spec.novelty is None)
    one, other = (open_classifier(folder, workers=1) for folder in (made.of or mine, back))
    picture = noise(40, 30, 1)
    assert other.run(other.prepare(picture)).probabilities == pytest.approx(one.run(one.prepare(picture)).probabilities)


def test_every_form_is_made_and_compared(store: Store, mine: ModelFolder) -> None:
    photos = Photos(tuple(map(photo, range(8))), tuple(map(photo, range(8, 14))), (0, 1, 2, 3, None, 0))
    exporter = Exporter(mine, photos, store)
    exporter_forms = [form for form in forms_of(mine) if form is not Form.KERAS]
    made = {form: exporter.make(form) for form in exporter_forms}
    assert [export.name for export in made.values()] == [
        "mine.tflite", "mine-float32.tflite", "mine-float16.tflite", "mine-dynamic.tflite", "mine-int8.tflite",
    ]  # fmt: skip
    sizes = {form: export.size_bytes / made[Form.FLOAT32].size_bytes for form, export in made.items()}
    assert 0.45 < sizes[Form.FLOAT16] < 0.55
    assert all(0.2 < sizes[form] < 0.35 for form in (Form.AS_IT_IS, Form.DYNAMIC, Form.INT8))
    for export in made.values():
        assert export.check is not None
        assert (export.check.photos, export.check.labelled) == (6, 5)
    first, second = made[Form.AS_IT_IS].check, made[Form.FLOAT32].check
    assert first is not None
    assert second is not None
    assert (first.same, first.right) == (second.same, second.right_before), "each is compared with the other"
    assert 0 < first.largest == second.largest < 0.5


def test_a_form_that_answers_otherwise_is_not_offered(
    store: Store, mine: ModelFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "compare", lambda *_, **__: replace(CHECK, same=80))
    exporter = Exporter(mine, photos_given(()), store)
    with pytest.raises(ModelFileError, match=r"mine as litert-float16 answers too differently: 20 of 100 photos"):
        exporter.make(Form.FLOAT16)
    assert exporter.make(Form.AS_IT_IS).path == mine.weights_path, "the model itself is always offered"


def test_a_model_that_exists_in_8_bits_only_says_so(store: Store, mine: ModelFolder) -> None:
    other = replace(mine, spec=replace(mine.spec, source={"backbone": "mobilenet-v2-1.0-224-quant"}))
    exporter = Exporter(other, photos_given(()), store)
    assert exporter.make(Form.AS_IT_IS).check is None
    with pytest.raises(ModelFileError, match=r"mobilenet-v2-1.0-224-quant comes only as a file with 8-bit numbers"):
        exporter.make(Form.INT8)
    with pytest.raises(ModelFileError, match=r"no Keras file of mine: mobilenet-v2-1.0-224-quant, on which it was"):
        exporter.make(Form.KERAS)


def test_a_float32_model_is_not_compared_with_itself(store: Store) -> None:
    folder = store.open_folder("starter-small")
    made = Exporter(folder, photos_given(()), store).make(Form.AS_IT_IS)
    assert (made.path, made.check) == (folder.weights_path, None)


def test_answers_are_compared_photo_by_photo() -> None:
    before = np.array([[0.9, 0.1], [0.4, 0.6], [0.8, 0.2]])
    found = np.array([[0.7, 0.3], [0.6, 0.4], [0.9, 0.1]])
    check = compare(before, found, (0, 1, None))
    assert check.largest == pytest.approx(0.2)
    assert replace(check, largest=0.2) == Check(3, 2, 0.2, 2, 1, 1, 0, are_unseen=True)


@pytest.mark.parametrize(
    ("changes", "passes"),
    [
        pytest.param({}, True, id="a tenth of the answers"),
        pytest.param({"same": 85}, True, id="hardly more: chance would do that in 7 of 100 cases"),
        pytest.param({"same": 84}, False, id="clearly more: chance would do that in 4 of 100 cases"),
        pytest.param({"photos": 16, "same": 14}, True, id="two of sixteen say little"),
        pytest.param({"photos": 5, "same": 2}, False, id="three of five say enough"),
        pytest.param({"lost": 4, "gained": 0}, True, id="four lost, as four heads: 1 / 16"),
        pytest.param({"lost": 5, "gained": 0}, False, id="five lost, as five heads: 1 / 32"),
        pytest.param({"lost": 0, "gained": 9}, True, id="better"),
    ],
)
def test_what_a_form_may_cost(changes: dict[str, int], passes: bool) -> None:
    assert replace(CHECK, **changes).passes is passes  # type: ignore[arg-type]


def test_chance_is_that_of_the_binomial_distribution() -> None:
    assert at_least(2, 3, 0.5) == pytest.approx(0.5), "of eight throws of three coins four show two heads or more"
    assert at_least(0, 0, 0.5) == 1


def test_of_photos_without_classes_every_fifth_is_kept_to_check_on() -> None:
    sources = [photo(seed) for seed in range(12)]
    found = photos_given(sources)
    assert [source.name for source in found.check] == ["0.png", "5.png", "10.png"]
    assert len(found.calibration) == 9
    assert found.are_unseen
    few = photos_given(sources[:9])
    assert (len(few.check), len(few.calibration), few.are_unseen) == (9, 9, False)
    assert len(photos_given(()).check) >= 5, "the samples"


def test_own_photos_are_checked_on_where_some_were_held_out() -> None:
    def labelled(*seeds: int) -> LabelledPhotos:
        photos = tuple(LabelledPhoto(photo(seed), seed % 2) for seed in seeds)
        return LabelledPhotos("x", ("cup", "pen"), ("cup", "pen"), photos)

    found = photos_of(labelled(1, 2), labelled(3, 4), ("pen", "cup"))
    assert [source.name for source in found.check] == ["3.png", "4.png"]
    assert (found.labels, found.are_unseen) == ((0, 1), True), "pen is the model's first class"
    alone = photos_of(labelled(1, 2), labelled(), ("pen", "cup"))
    assert (len(alone.check), alone.are_unseen) == (2, False)


def test_what_was_made_of_a_model_goes_with_it(store: Store, mine: ModelFolder) -> None:
    float_twin(mine, store)
    (store.data / "variants" / "mine-keras").mkdir()
    store.remove("mine")
    assert not [path.name for path in (store.data / "variants").iterdir() if path.name.startswith("mine-")]
