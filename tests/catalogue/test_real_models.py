"""The real 8-bit models and Keras-layout weights, fetched from a loopback server and put to work."""

import io
import json
import tarfile
import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lib.catalogue.store import Store
from lib.classify.opening import open_classifier
from lib.errors import Cancelled, DownloadError
from lib.formats.edit import pin
from lib.work.progress import Progress, Stage
from tests.support.mirror import Mirror
from tests.support.nursery import nursery

CORAL = {
    "mobilenet-v1-0.25-128-quant": "mobilenet_v1_0.25_128_quant.tflite",
    "mobilenet-v1-0.5-160-quant": "mobilenet_v1_0.5_160_quant.tflite",
    "mobilenet-v1-0.75-192-quant": "mobilenet_v1_0.75_192_quant.tflite",
    "mobilenet-v2-1.0-224-quant": "mobilenet_v2_1.0_224_quant.tflite",
    "mobilenet-v2-1.0-224-ptq": "tf2_mobilenet_v2_1.0_224_ptq.tflite",
    "mobilenet-v2-1.0-224-inat-bird-quant": "mobilenet_v2_1.0_224_inat_bird_quant.tflite",
    "mobilenet-v2-1.0-224-inat-insect-quant": "mobilenet_v2_1.0_224_inat_insect_quant.tflite",
}


@pytest.mark.parametrize("model_id", CORAL)
def test_a_real_model_is_fetched_and_names_what_its_makers_files_name(
    model_id: str, shared: Path, shared_mirror: Mirror, tmp_path: Path
) -> None:
    store = Store(tmp_path)
    assert store.find(model_id).size_bytes == (shared / "models" / "imagenet" / CORAL[model_id]).stat().st_size
    report = store.fetch(model_id)
    assert report.verified
    assert shared_mirror.asked[CORAL[model_id]] == 1
    classifier = open_classifier(store.open_folder(model_id), workers=1)
    # The manifest gives what a plain interpreter answered for this photo, the whole picture scaled to size.
    manifest = json.loads((shared / "models" / "imagenet" / "manifest.json").read_text())
    entry = next(e for e in manifest["files"] if e["file"] == CORAL[model_id])
    expected = entry["top1_on_misc_photos"]["parrot.jpg"]
    photo = next((shared / "photos").rglob("parrot.jpg"))
    width, height = classifier.spec.input.size_wh
    pixels = np.asarray(Image.open(photo).convert("RGB").resize((width, height), Image.Resampling.BILINEAR))
    probabilities = classifier.run(pixels[np.newaxis]).probabilities
    best = int(np.argmax(probabilities))
    if expected["tied"] == 1:
        assert classifier.labels[best] == expected["label"]


def test_a_model_that_the_mirror_lacks_is_not_replaced_by_another(shared_mirror: Mirror, tmp_path: Path) -> None:
    store = Store(tmp_path)
    with pytest.raises(DownloadError, match=r"does not have mobilenet_v1_1\.0_224_quant\.tflite \(HTTP 404\)"):
        store.fetch("mobilenet-v1-1.0-224-quant")
    assert store.find("mobilenet-v1-1.0-224-quant").state == "downloadable"
    assert not (tmp_path / "models").exists()


def test_an_archive_nobody_looked_into_is_settled_by_its_model(
    shared: Path, shared_mirror: Mirror, tmp_path: Path
) -> None:
    content = (shared / "models" / "imagenet" / "mobilenet_v1_0.25_128_quant.tflite").read_bytes()
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as packed:
        info = tarfile.TarInfo("densenet_2018_04_27/densenet.tflite")
        info.size = len(content)
        packed.addfile(info, io.BytesIO(content))
    shared_mirror.files["densenet_2018_04_27.tgz"] = buffer.getvalue()
    store = Store(tmp_path)
    assert not store.fetch("densenet-224").verified
    spec = store.open_folder("densenet-224").spec
    assert spec.input.size_wh == (128, 128)
    assert (spec.output.classes, spec.output.background, spec.output.activation) == (1000, "first", "softmax")


def test_keras_weights_with_a_wrong_hash_are_refused_before_keras_sees_them(
    shared_mirror: Mirror, tmp_path: Path
) -> None:
    shared_mirror.files["NASNet-mobile.h5"] = b"\x89HDF\r\n\x1a\n" + bytes(1000)
    with pytest.raises(DownloadError, match=r"its checksum \(md5\) should be 020fb642bf7360b370c678b08e0adf61"):
        Store(tmp_path).fetch("keras-nasnet-mobile")


@pytest.mark.tensorflow
def test_a_keras_model_answers_after_conversion_as_in_keras(
    shared: Path, shared_mirror: Mirror, tmp_path: Path
) -> None:
    store = Store(tmp_path / "data")
    told: list[Progress] = []
    report = store.fetch("keras-mobilenet-0.25-128", on_progress=told.append)
    assert Stage.CONVERTING in {p.stage for p in told}
    assert not report.verified  # Keras has no hash for this family
    folder = store.open_folder("keras-mobilenet-0.25-128")
    assert folder.read_labels()[:3] == ("tench", "goldfish", "great_white_shark")
    content = folder.weights_path.read_bytes()
    assert pin(content, folder.spec.input.size_wh, "x") == content  # batch is fixed already
    photo = next((shared / "photos").rglob("parrot.jpg"))
    expected = ask_keras(shared, photo, tmp_path)
    classifier = open_classifier(folder, workers=1)
    pixels = np.asarray(Image.open(photo).convert("RGB").resize((128, 128), Image.Resampling.BILINEAR))
    tensor = (pixels[np.newaxis] / np.float32(127.5) - np.float32(1)).astype(np.float32)
    probabilities = classifier.run(tensor).probabilities
    # float32 in another order of additions; 1e-6 was typical
    np.testing.assert_allclose(probabilities, expected, atol=1e-4)
    assert classifier.labels[int(np.argmax(probabilities))] == "macaw"
    assert not list((store.data / "keras").rglob("*.h5"))


@pytest.mark.tensorflow
def test_weights_of_another_model_are_an_error_and_keep_nothing(
    shared: Path, shared_mirror: Mirror, tmp_path: Path
) -> None:
    small = shared / "models" / "keras" / "mobilenet_2_5_128_tf.h5"
    shared_mirror.files["mobilenet_5_0_160_tf.h5"] = small
    store = Store(tmp_path)
    with pytest.raises(Exception, match="cannot load the weights of MobileNet"):
        store.fetch("keras-mobilenet-0.5-160")
    assert store.find("keras-mobilenet-0.5-160").state == "downloadable"
    assert not (tmp_path / "digests.json").exists()
    assert not list(tmp_path.rglob("*.h5"))


def test_cancelling_ends_a_conversion_too(shared_mirror: Mirror, tmp_path: Path) -> None:
    store = Store(tmp_path)
    cancelled = threading.Event()

    def cancel_when_converting(progress: Progress) -> None:
        if progress.stage is Stage.CONVERTING:
            cancelled.set()

    with pytest.raises(Cancelled):
        store.fetch("keras-mobilenet-0.25-128", on_progress=cancel_when_converting, cancelled=cancelled)
    assert store.find("keras-mobilenet-0.25-128").state == "downloadable"
    assert not list(tmp_path.rglob("*.h5"))


def ask_keras(shared: Path, photo: Path, folder: Path) -> np.ndarray:
    """Return the probabilities of Keras itself, in a process of its own, with its own preprocessing."""
    code = """
import sys, numpy as np, keras
from PIL import Image
weights, photo, out = sys.argv[1:]
model = keras.applications.MobileNet((128, 128, 3), alpha=0.25, weights=weights)
pixels = np.asarray(Image.open(photo).convert("RGB").resize((128, 128), Image.Resampling.BILINEAR))
x = keras.applications.mobilenet.preprocess_input(pixels[None].astype("float32"))
np.save(out, np.asarray(model(x, training=False))[0])
"""
    weights = shared / "models" / "keras" / "mobilenet_2_5_128_tf.h5"
    out = folder / "keras.npy"
    nursery().run(code, weights, photo, out, alone=True)
    return np.asarray(np.load(out))
