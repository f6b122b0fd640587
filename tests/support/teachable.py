"""Models as Teachable Machine hands them out, in its three forms, and as Keras does; made with random weights.

    python -m tests.support.teachable FOLDER

writes them all, with what Keras itself answers about one photo, then lets the library convert each and notes what came
of it (`converted.json`): in one process, since each that imports TensorFlow takes seconds.

The layouts are those of Teachable Machine's exports (googlecreativelab/teachablemachine-community, libraries/image):
a Sequential of a Sequential (a MobileNet cut off at `out_relu`, and global pooling) and a Sequential (Dense 100 relu,
Dense without bias, softmax). Written with TensorFlow.js 1.x and converted by Keras 2.x, whose `groups` Keras 3 refuses.
"""

import json
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

LABELS = ("Class 1", "고양이 <b>")
SIDE = 32
ZEROS, ONES = ({"class_name": name, "config": {}} for name in ("Zeros", "Ones"))
SCALING = {
    "class_name": "VarianceScaling",
    "config": {"scale": 1, "mode": "fan_in", "distribution": "normal", "seed": None},
}
NONE = dict.fromkeys(("bias_regularizer", "activity_regularizer", "bias_constraint"))
KERNEL_NONE = dict.fromkeys(("kernel_regularizer", "kernel_constraint"))


def layer(kind: str, name: str, after: str | None, **config: Any) -> dict[str, Any]:
    inbound = [] if after is None else [[[after, 0, 0, {}]]]
    return {
        "class_name": kind,
        "config": {"name": name, "trainable": True, **config},
        "name": name,
        "inbound_nodes": inbound,
    }


def convolution(**config: Any) -> dict[str, Any]:
    common = {"data_format": "channels_last", "dilation_rate": [1, 1], "activation": "linear", "use_bias": False}
    return {**common, "bias_initializer": ZEROS, **NONE, **config}


def normalization(name: str, after: str) -> dict[str, Any]:
    made = {"beta_initializer": ZEROS, "gamma_initializer": ONES}
    moving = {"moving_mean_initializer": ZEROS, "moving_variance_initializer": ONES}
    config = {"axis": 3, "momentum": 0.999, "epsilon": 0.001, "center": True, "scale": True, **made, **moving}
    return layer("BatchNormalization", name, after, **config)


def topology() -> dict[str, Any]:
    """Return the net as Teachable Machine's model.json describes it, smaller."""
    photo = {"batch_input_shape": [None, SIDE, SIDE, 3], "dtype": "float32", "sparse": False, "name": "input_1"}
    layers = [
        {"class_name": "InputLayer", "config": photo, "name": "input_1", "inbound_nodes": []},
        layer("ZeroPadding2D", "Conv1_pad", "input_1", padding=[[0, 1], [0, 1]], data_format="channels_last"),
        layer(
            "Conv2D",
            "Conv1",
            "Conv1_pad",
            **convolution(filters=8, kernel_size=[3, 3], strides=[2, 2], padding="valid", kernel_initializer=SCALING),
            **KERNEL_NONE,
        ),
        normalization("bn_Conv1", "Conv1"),
        layer("ReLU", "Conv1_relu", "bn_Conv1", max_value=6),
        layer(
            "DepthwiseConv2D",
            "expanded_conv_depthwise",
            "Conv1_relu",
            **convolution(kernel_size=[3, 3], strides=[1, 1], padding="same"),
            depth_multiplier=1,
            groups=1,
            depthwise_initializer=SCALING,
            depthwise_regularizer=None,
            depthwise_constraint=None,
        ),
        normalization("expanded_conv_depthwise_BN", "expanded_conv_depthwise"),
        layer("ReLU", "out_relu", "expanded_conv_depthwise_BN", max_value=6),
    ]
    ends = {"input_layers": [["input_1", 0, 0]], "output_layers": [["out_relu", 0, 0]]}
    base = {"class_name": "Model", "config": {"name": "model1", "layers": layers, **ends}}
    pooling = {"data_format": "channels_last", "name": "global_average_pooling2d_GlobalAveragePooling2D1"}
    dense = {**NONE, **KERNEL_NONE, "kernel_initializer": SCALING, "bias_initializer": ZEROS, "trainable": True}
    first = {**dense, "units": 10, "activation": "relu", "use_bias": True, "name": "dense_Dense1"}
    last = {**dense, "units": len(LABELS), "activation": "softmax", "use_bias": False, "name": "dense_Dense2"}
    head = [
        {"class_name": "Dense", "config": {**first, "batch_input_shape": [None, 8], "dtype": "float32"}},
        {"class_name": "Dense", "config": last},
    ]
    return sequential(
        "sequential_4",
        sequential("sequential_1", base, {"class_name": "GlobalAveragePooling2D", "config": pooling}),
        sequential("sequential_3", *head),
    )


def sequential(name: str, *layers: dict[str, Any]) -> dict[str, Any]:
    return {"class_name": "Sequential", "config": {"name": name, "layers": list(layers)}}


def weights() -> dict[str, np.ndarray]:
    """Return every weight by the name that TensorFlow.js gives it."""
    rng = np.random.default_rng(7)

    def normal(*shape: int) -> np.ndarray:
        return rng.normal(0, 0.6, shape).astype(np.float32)

    def normalized(name: str) -> dict[str, np.ndarray]:
        scale = {f"{name}/gamma": 1 + normal(8) / 4, f"{name}/beta": 1 + normal(8)}
        return {**scale, f"{name}/moving_mean": normal(8), f"{name}/moving_variance": 1 + normal(8) ** 2}

    return {
        "Conv1/kernel": normal(3, 3, 3, 8),
        **normalized("bn_Conv1"),
        "expanded_conv_depthwise/depthwise_kernel": normal(3, 3, 8, 1),
        **normalized("expanded_conv_depthwise_BN"),
        "dense_Dense1/kernel": normal(8, 10),
        "dense_Dense1/bias": normal(10),
        "dense_Dense2/kernel": normal(10, len(LABELS)),
    }


def photo() -> np.ndarray:
    return np.random.default_rng(8).uniform(-1, 1, (1, SIDE, SIDE, 3)).astype(np.float32)


def native() -> Any:
    """Return the same net built with today's Keras, its weights put in one by one: what the forms must agree with."""
    import keras

    layers, given = keras.layers, weights()
    x = inputs = keras.Input((SIDE, SIDE, 3))
    x = layers.ZeroPadding2D(((0, 1), (0, 1)))(x)
    x = layers.Conv2D(8, 3, strides=2, use_bias=False, name="Conv1")(x)
    x = layers.ReLU(6)(layers.BatchNormalization(epsilon=0.001, name="bn_Conv1")(x))
    x = layers.DepthwiseConv2D(3, padding="same", use_bias=False, name="expanded_conv_depthwise")(x)
    x = layers.ReLU(6)(layers.BatchNormalization(epsilon=0.001, name="expanded_conv_depthwise_BN")(x))
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.Dense(10, "relu", name="dense_Dense1")(x)
    x = layers.Dense(len(LABELS), "softmax", use_bias=False, name="dense_Dense2")(x)
    model = keras.Model(inputs, x)
    for one in model.layers:
        if one.weights:
            one.set_weights([array for name, array in given.items() if name.split("/")[0] == one.name])
    return model


def numbered() -> str:
    return "".join(f"{position} {label}\n" for position, label in enumerate(LABELS))


def pack(target: Path, files: dict[str, bytes | str]) -> None:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in files.items():
            packed.writestr(name, content)


def tfjs(target: Path) -> None:
    """Write what the button "Download my model" gives: model.json, weights.bin, metadata.json."""
    arrays = weights()
    entries = [{"name": name, "shape": list(array.shape), "dtype": "float32"} for name, array in arrays.items()]
    document = {
        "modelTopology": {**topology(), "keras_version": "tfjs-layers 1.3.1", "backend": "tensor_flow.js"},
        "weightsManifest": [{"paths": ["weights.bin"], "weights": entries}],
    }
    about = {"tfjsVersion": "1.3.1", "tmVersion": "2.4.10", "packageName": "@teachablemachine/image", "imageSize": SIDE}
    pack(
        target,
        {
            "model.json": json.dumps(document),
            "weights.bin": b"".join(array.tobytes() for array in arrays.values()),
            "metadata.json": json.dumps({**about, "modelName": "tm-my-image-model", "labels": list(LABELS)}),
        },
    )


def hdf5(target: Path) -> None:
    """Write a keras_model.h5 as Keras 2.12 does: one group of weights for each layer of the outermost sequence."""
    import h5py

    arrays = weights()
    first = [name for name in arrays if not name.startswith("dense")]
    trainable = [name for name in first if "moving" not in name]
    groups = {
        "sequential_1": [*trainable, *(name for name in first if "moving" in name)],
        "sequential_3": [name for name in arrays if name.startswith("dense")],
    }
    versions = {"keras_version": b"2.12.0", "backend": b"tensorflow"}
    with h5py.File(target, "w") as file:
        file.attrs["model_config"] = json.dumps(topology()).encode()
        store = file.create_group("model_weights")
        for place in (file, store):
            for key, value in versions.items():
                place.attrs[key] = value
        store.attrs["layer_names"] = [name.encode() for name in groups]
        for name, members in groups.items():
            group = store.create_group(name)
            group.attrs["weight_names"] = [f"{member}:0".encode() for member in members]
            for member in members:
                group.create_dataset(f"{member}:0", data=arrays[member])


def make(folder: Path) -> None:
    """Write all forms, and answer.json: what Keras answers about `photo`."""
    import keras
    import tensorflow as tf

    model = native()
    (folder / "answer.json").write_text(json.dumps(np.asarray(model(photo()))[0].tolist()))
    hdf5(folder / "keras_model.h5")
    pack(
        folder / "converted_keras.zip",
        {"keras_model.h5": (folder / "keras_model.h5").read_bytes(), "labels.txt": numbered()},
    )
    litert = tf.lite.TFLiteConverter.from_keras_model(model).convert()
    (folder / "bare.tflite").write_bytes(litert)
    pack(folder / "converted_tflite.zip", {"model_unquant.tflite": litert, "labels.txt": numbered()})
    tfjs(folder / "tm-my-image-model.zip")
    x = inputs = keras.Input((SIDE, SIDE, 3))
    logits = keras.Sequential([keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(1)])
    keras.Model(inputs, logits(keras.layers.Rescaling(1 / 255)(x))).save(folder / "one-unit.keras")
    model.export(folder / "saved", verbose=False)
    pack(
        folder / "saved.zip",
        {f"my/{p.relative_to(folder / 'saved')}": p.read_bytes() for p in (folder / "saved").rglob("*") if p.is_file()},
    )


def convert_all(folder: Path, names: list[str]) -> dict[str, Any]:
    """Let the library convert files, in this process; return what it answers about `photo`, or its error."""
    from ai_edge_litert.interpreter import Interpreter

    from lib.errors import ModelFileError
    from lib.formats.importing import keras_side
    from lib.formats.importing.packed import Form, look_into

    results: dict[str, Any] = {}
    for name in names:
        work = folder / f"work-{name}"
        work.mkdir()
        try:
            found = look_into(folder / name, name, work)
            if found.form is Form.HDF5:
                keras_side.probe(found.path, name)
            payload = {"form": found.form.value, "path": str(found.path), "name": name, "work": str(work)}
            told = keras_side.convert(payload, lambda event: None)
            interpreter = Interpreter(model_path=str(work / keras_side.LITERT))
            interpreter.allocate_tensors()
            interpreter.set_tensor(interpreter.get_input_details()[0]["index"], photo())
            interpreter.invoke()
            answer = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])[0].tolist()
            results[name] = {**told, "form": found.form.value, "answer": answer, "labels": list(found.labels)}
        except ModelFileError as error:
            results[name] = {"error": str(error)}
    return results


def damaged(folder: Path, count: int, seed: int) -> list[str]:
    """Write damaged copies of every form: cut off, or some bytes changed; return their names.

    Of every other zip the files inside are damaged, and the zip is whole.
    """
    rng = np.random.default_rng(seed)
    whole = ["keras_model.h5", "converted_keras.zip", "tm-my-image-model.zip", "one-unit.keras", "saved.zip"]
    names = []
    for number in range(count):
        source = whole[number % len(whole)]
        content = (folder / source).read_bytes()
        names.append(f"damaged-{number}-{source}")
        if source.endswith(".h5") or number // len(whole) % 2:
            (folder / names[-1]).write_bytes(_damage(content, number, rng))
            continue
        with zipfile.ZipFile(folder / source) as packed:
            members = {name: packed.read(name) for name in packed.namelist()}
        victim = sorted(members, key=lambda name: -len(members[name]))[number % min(2, len(members))]
        pack(folder / names[-1], {**members, victim: _damage(members[victim], number, rng)})
    return names


def _damage(content: bytes, number: int, rng: np.random.Generator) -> bytes:
    if number % 3 == 0:
        return content[: int(rng.integers(1, len(content)))]
    changed = bytearray(content)
    for place in rng.integers(0, len(content), 1 + number % 40):
        changed[place] = rng.integers(0, 256)
    return bytes(changed)


def main(folder: Path, count: int = 15, seed: int = 0) -> None:
    make(folder)
    whole = ["converted_keras.zip", "keras_model.h5", "tm-my-image-model.zip", "one-unit.keras", "saved.zip"]
    results = convert_all(folder, [*whole, *damaged(folder, count, seed)])
    (folder / "converted.json").write_text(json.dumps(results))


if __name__ == "__main__":
    main(Path(sys.argv[1]), *map(int, sys.argv[2:]))
