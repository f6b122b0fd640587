"""What `tests.benchmarks.transfer` is measured against: a head in Keras on frozen MobileNetV2 0.35, 128 pixels.

    python -m tests.benchmarks.keras_head PHOTOS WEIGHTS

As Keras's own guide to transfer learning has it: photos from folders, mirrored and zoomed at random, 20 epochs, saved.
"""

import sys
import tempfile
from pathlib import Path

SIDE, EPOCHS, BATCH = 128, 20, 32


def main(photos: str, weights: str) -> None:
    """Train and save, and print the share of held-out photos that are named rightly."""
    import keras

    both = keras.utils.image_dataset_from_directory(
        photos, validation_split=0.2, subset="both", seed=0, image_size=(SIDE, SIDE), batch_size=BATCH,
        label_mode="int", verbose=False,
    )  # fmt: skip
    train, held_out = both
    shape = (SIDE, SIDE, 3)
    below = keras.applications.MobileNetV2(shape, alpha=0.35, include_top=False, weights=weights, pooling="avg")
    below.trainable = False
    entry = keras.Input(shape)
    varied = keras.layers.RandomZoom(0.1)(keras.layers.RandomFlip("horizontal")(entry))
    features = below(keras.layers.Rescaling(1 / 127.5, -1)(varied), training=False)
    classes = keras.layers.Dense(len(train.class_names), activation="softmax")(features)
    model = keras.Model(entry, classes)
    model.compile(keras.optimizers.Adam(1e-3), "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(train, epochs=EPOCHS, verbose=0)
    with tempfile.TemporaryDirectory() as folder:
        model.save(Path(folder) / "model.keras")
    print(model.evaluate(held_out, verbose=0)[1])


if __name__ == "__main__":
    main(*sys.argv[1:])
