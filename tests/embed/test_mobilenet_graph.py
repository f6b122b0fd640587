"""The graph model of these tests is a MobileNet: TF.js and NumPy compute the same, and real weights know things."""

import base64
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page

from tests.embed import mobilenet_graph
from tests.embed.mobilenet_graph import LOGITS, SIZE, Layer
from tests.embed.site import Site

_PAGE = """<!doctype html><script src="https://cdn.jsdelivr.net/npm/@tensorflow/tfjs@4.22.0/dist/tf.min.js"></script>"""
_RUN = """async (bytes) => {
  window.loaded ??= await tf.loadGraphModel('/model/model.json');
  const raw = Uint8Array.from(atob(bytes), (c) => c.charCodeAt(0));
  const logits = tf.tidy(() => window.loaded.predict(tf.tensor(raw, [1, 224, 224, 3], 'float32').div(255)));
  const values = Array.from(await logits.data());
  logits.dispose();
  return values;
}"""


def pixels(path: Path) -> np.ndarray:
    """Return a photo as (224, 224, 3) bytes."""
    return np.asarray(Image.open(path).convert("RGB").resize((SIZE, SIZE), Image.Resampling.BILINEAR))


@pytest.mark.parametrize("weights", ["at hand", "random"])
def test_tfjs_and_numpy_compute_the_same(
    weights: str, layers: tuple[Layer, ...], photos: tuple[Path, ...], tmp_path: Path, page: Page, site: Site
) -> None:
    used = layers if weights == "at hand" else mobilenet_graph.random_layers()
    mobilenet_graph.write(tmp_path, used)
    site.put({"index.html": _PAGE})
    site.folders["model/"] = tmp_path
    page.goto(site.address)
    winners = set()
    for photo in photos[:4]:
        image = pixels(photo)
        found = np.array(page.evaluate(_RUN, base64.b64encode(image.tobytes()).decode()))
        expected = mobilenet_graph.run(used, image.astype(np.float32) / 255)
        assert found.shape == (LOGITS,)
        np.testing.assert_allclose(found, expected, atol=2e-3, rtol=1e-4)
        winners.add(int(found.argmax()))
    assert len(winners) > 1


def test_real_weights_know_a_dog(shared: Path) -> None:
    layers = mobilenet_graph.keras_layers(shared / "models" / "keras" / "mobilenet_2_5_128_tf.h5")
    labels = (shared / "models" / "imagenet" / "imagenet_labels.txt").read_text(encoding="utf-8").splitlines()
    photo = shared / "photos" / "imagenet-sample" / "n02097474_Tibetan_terrier.JPEG"
    logits = mobilenet_graph.run(layers, pixels(photo).astype(np.float32) / 255)
    assert labels[int(logits.argmax())].startswith("Tibetan terrier")
