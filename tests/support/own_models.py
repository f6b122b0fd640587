"""A model of a user's own: classes of random numbers on a backbone, in a folder as training writes it."""

from dataclasses import replace

import numpy as np

from lib.catalogue.store import Store
from lib.formats.graft import Pooling, graft
from lib.model import writing
from lib.model.spec import MEANS, ModelFolder, Novelty, OutputSpec

BACKBONE = "efficientnet-lite0-int8"
CLASSES = ("a", "b", "c", "d")


def put_own(store: Store, model_id: str, pooling: Pooling = Pooling.WHOLE) -> ModelFolder:
    """Write the model into a store and return its folder."""
    backbone = store.open_folder(BACKBONE)
    length = 1280 if pooling is Pooling.WHOLE else 5120
    rng = np.random.default_rng(0)
    weight, bias = rng.normal(0, 2, (len(CLASSES), length)).astype(np.float32), np.zeros(len(CLASSES), np.float32)
    folder = store.models / model_id
    folder.mkdir(parents=True)
    (folder / "model.tflite").write_bytes(graft(backbone.read_weights(), weight, bias, pooling, (224, 224), "x"))
    (folder / "labels.txt").write_text("".join(f"{name}\n" for name in CLASSES))
    np.save(folder / MEANS, np.abs(weight).astype(np.float16))
    spec = replace(
        backbone.spec, id=model_id, name=model_id.title(), family="Yours", output=OutputSpec(len(CLASSES)),
        weights="model.tflite", labels="labels.txt", published=None, description="",
        source={"kind": "transfer", "backbone": BACKBONE}, novelty=Novelty("class-mean", 0.5, 0.95, "nothing"),
    )  # fmt: skip
    writing.write(folder, spec)
    return store.open_folder(model_id)
