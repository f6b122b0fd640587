"""What a model makes of a photo before its head."""

import numpy as np
import pytest
from PIL import ImageOps

from lib.catalogue.store import SHIPPED, Store
from lib.classify.litert import LiteRTClassifier
from lib.errors import PhotoError
from lib.formats.graft import Pooling, graft
from lib.formats.inner import Inner
from lib.model.spec import load
from lib.photos.opening import open_photo
from lib.training.features import PLAIN, Backbone, Pose, View, poses_of
from tests.support.pictures import corners, encode, noise

SMALL = load(SHIPPED / "starter-small")  # the whole photo, 64 × 64; 32 features


@pytest.fixture(scope="module")
def backbone() -> Backbone:
    return Backbone(SMALL, workers=1)


def test_one_inference_gives_the_means_of_the_whole_map_and_of_its_quarters(backbone: Backbone) -> None:
    found = backbone.read(noise(90, 70))
    assert {view: len(row) for view, row in found.rows.items()} == {
        View(Pooling.WHOLE, PLAIN): 32, View(Pooling.QUARTERS, PLAIN): 128,
    }  # fmt: skip
    assert {row.dtype for row in found.rows.values()} == {np.dtype(np.float16)}
    assert found.nbytes == 2 * (32 + 128)
    assert [np.linalg.norm(row.astype(float)) for row in found.rows.values()] == pytest.approx([1, 1], abs=1e-3)


def test_rows_are_the_features_that_the_model_itself_has_of_the_photo(backbone: Backbone) -> None:
    whole = LiteRTClassifier(SMALL, inner=(Inner.FEATURES,))
    picture = noise(90, 70)
    features = whole.run(whole.prepare(picture)).inner[Inner.FEATURES]
    row = backbone.read(picture).rows[View(Pooling.WHOLE, PLAIN)]
    assert row == pytest.approx(features / np.linalg.norm(features), abs=1e-3)


def test_a_grafted_file_is_given_the_same_row_also_in_8_bit() -> None:
    folder = Store().open_folder("efficientnet-lite0-int8")
    backbone = Backbone(folder, workers=1)
    assert backbone.lengths == {Pooling.WHOLE: 1280, Pooling.QUARTERS: 5120}
    assert len(graft(backbone.content, np.zeros((2, 5120)), np.zeros(2), Pooling.QUARTERS, (224, 224), "x")) < 5e6


def test_mirrored_and_square_are_what_the_photo_looks_like_then(backbone: Backbone) -> None:
    picture = corners(96, 64)
    found = backbone.read(picture, poses_of(("whole", "square"), mirrored=True))
    assert len(found.poses) == 4
    mirrored = backbone.read(ImageOps.mirror(picture))
    pooling = Pooling.QUARTERS
    assert np.array_equal(
        found.rows[View(pooling, Pose("whole", is_mirrored=True))], mirrored.rows[View(pooling, PLAIN)]
    )
    square = backbone.read(picture.crop((20, 4, 76, 60)))  # 7/8 of 64 is 56
    assert found.rows[View(pooling, Pose("square"))] == pytest.approx(square.rows[View(pooling, PLAIN)], abs=0.02)


def test_a_file_gives_the_same_as_the_picture_the_app_makes_of_it(backbone: Backbone) -> None:
    data = encode(noise(900, 1200), "JPEG")
    poses = poses_of(("whole", "square"), mirrored=False)
    found = backbone.read_photo(data, "a.jpg", poses)
    for pose in poses:
        alone = backbone.read(open_photo(data, "a.jpg", at_least=backbone.side((pose.look,))), (pose,))
        for view, row in alone.rows.items():
            assert np.array_equal(found.rows[view], row)
    with pytest.raises(PhotoError, match=r"b\.jpg is empty"):
        backbone.read_photo(b"", "b.jpg")


def test_another_file_or_another_description_has_another_key(backbone: Backbone) -> None:
    again, other = Backbone(SMALL, workers=1), Backbone(load(SHIPPED / "starter-xception"), workers=1)
    assert backbone.key == again.key != other.key
