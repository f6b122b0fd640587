"""Models as Teachable Machine hands them out, in its three forms, and as Keras does; made with random weights.

    python -m tests.support.teachable FOLDER

writes them all, with what Keras itself answers about one photo, then lets the library convert each and notes what came
of it (`converted.json`): with one import of TensorFlow, since that takes seconds.

The layouts are those of Teachable Machine's exports (googlecreativelab/teachablemachine-community, libraries/image):
a Sequential of a Sequential (a MobileNet cut off at `out_relu`, and global pooling) and a Sequential (Dense 100 relu,
Dense without bias, softmax). Written with TensorFlow.js 1.3.1; the other forms
are converted from that by Keras 2.x, whose `groups` Keras 3 refuses.
"""

import json
import os
import signal
import sys
import traceback
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from lib.work import process

LABELS = ("Class 1", "고양이 <b>")
SIDE = 32
MOST_SECONDS = 120  # for one file
ZEROS, ONES = ({"class_name": name, "config": {}} for name in ("Zeros", "Ones"))
SCALING = {
    "class_name": "VarianceScaling",
    "config": {"scale": 1, "mode": "fan_in", "distribution": "normal", "seed": None},
}
NONE = dict.fromkeys(("bias_regularizer", "activity_regularizer", "bias_constraint"))
KERNEL_NONE = dict.fromkeys(("kernel_regularizer", "kernel_constraint"))


def layer(kind: str, name: str, *after: str, **config: Any) -> dict[str, Any]:
    inbound = [[[other, 0, 0, {}] for other in after]]
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
    moving |= dict.fromkeys(("beta_regularizer", "gamma_regularizer", "beta_constraint", "gamma_constraint"))
    config = {"axis": -1, "momentum": 0.999, "epsilon": 0.001, "center": True, "scale": True, **made, **moving}
    return layer("BatchNormalization", name, after, **config)


def topology(**of_depthwise: Any) -> dict[str, Any]:
    """Return the net as Teachable Machine's model.json describes it, smaller; what else its depthwise layer says."""
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
            **of_depthwise,
            depthwise_initializer=SCALING,
            depthwise_regularizer=None,
            depthwise_constraint=None,
        ),
        normalization("expanded_conv_depthwise_BN", "expanded_conv_depthwise"),
        layer("Add", "block_2_add", "Conv1_relu", "expanded_conv_depthwise_BN"),
        layer("ReLU", "out_relu", "block_2_add", max_value=6),
    ]
    ends = {"input_layers": [["input_1", 0, 0]], "output_layers": [["out_relu", 0, 0]]}
    base = {"class_name": "Model", "config": {"name": "model1", "layers": layers, **ends}}
    pooling = {"data_format": "channels_last", "name": "global_average_pooling2d_GlobalAveragePooling2D1"}
    pooling |= {"trainable": True}
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


def as_keras_2_says(config: Any) -> Any:
    """Return a description as Keras 2 writes it: input layers of sequences, an axis as a list, a module of its own."""
    if isinstance(config, list):
        return [as_keras_2_says(value) for value in config]
    if not isinstance(config, dict):
        return config
    said = {key: as_keras_2_says(value) for key, value in config.items()}
    match said:
        case {"class_name": "BatchNormalization", "config": {"axis": int(axis)}}:
            said["config"]["axis"] = [axis]
        case {"class_name": "DepthwiseConv2D"}:
            said["config"]["groups"] = 1
        case {"class_name": "Functional"}:
            said["module"] = "tf_keras.src.engine.functional"
        case {"class_name": "Sequential", "config": {"layers": [{"config": {"batch_input_shape": shape}}, *_]}}:
            begin = {
                "class_name": "InputLayer",
                "config": {"batch_input_shape": shape, "name": f"{said['config']['name']}_in"},
            }
            said["config"]["layers"].insert(0, begin)
    return said


def keras_2(target: Path, whole: Path) -> None:
    """Write a `.keras` file as Keras 2 describes it, made of one of today's Keras."""
    with zipfile.ZipFile(whole) as packed:
        files: dict[str, bytes | str] = {name: packed.read(name) for name in packed.namelist()}
    config = as_keras_2_says(json.loads(files["config.json"]))
    assert config["module"] != json.loads(files["config.json"])["module"]
    pack(target, {**files, "config.json": json.dumps(config)})


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
    y = x = layers.ReLU(6)(layers.BatchNormalization(epsilon=0.001, name="bn_Conv1")(x))
    x = layers.DepthwiseConv2D(3, padding="same", use_bias=False, name="expanded_conv_depthwise")(x)
    x = layers.ReLU(6)(y + layers.BatchNormalization(epsilon=0.001, name="expanded_conv_depthwise_BN")(x))
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
    arrays = dict(sorted(weights().items(), key=lambda item: "moving" in item[0]))  # what is not trained comes last
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
    """Write a keras_model.h5 as Keras 2 does: one group of weights for each layer of the outermost sequence."""
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
        file.attrs["model_config"] = json.dumps(as_keras_2_says(topology())).encode()
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
    model.save(folder / "today.keras")
    keras_2(folder / "keras-2.keras", folder / "today.keras")
    litert = tf.lite.TFLiteConverter.from_keras_model(model).convert()
    (folder / "bare.tflite").write_bytes(litert)
    pack(folder / "converted_tflite.zip", {"model_unquant.tflite": litert, "labels.txt": numbered()})
    tfjs(folder / "tm-my-image-model.zip")
    x = inputs = keras.Input((SIDE, SIDE, 3))
    logits = keras.Sequential([keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(1)])
    keras.Model(inputs, logits(keras.layers.Rescaling(1 / 255)(x))).save(folder / "one-unit.keras")
    model.export(folder / "saved", verbose=False)
    files = {path.relative_to(folder / "saved"): path for path in (folder / "saved").rglob("*") if path.is_file()}
    saved = {f"model.savedmodel/{name.as_posix()}": path.read_bytes() for name, path in files.items()}
    pack(folder / "converted_savedmodel.zip", {**saved, "labels.txt": numbered()})


def convert_all(folder: Path, names: list[str]) -> dict[str, Any]:
    """Let the library convert files, each in a process of its own; return what it answers about `photo`, or its error.

    The processes are forked from this one, which has imported TensorFlow and run nothing of it: so each takes a second.
    """
    return {name: apart(partial(convert_one, folder, name)) for name in names}


def convert_one(folder: Path, name: str) -> dict[str, Any]:
    from ai_edge_litert.interpreter import Interpreter

    from lib.formats import first_look
    from lib.formats.importing import keras_side
    from lib.formats.importing.packed import Form, open_in_worker

    work = folder / f"work-{name}"
    work.mkdir()
    opened = open_in_worker({"file": str(folder / name), "name": name, "work": str(work)}, lambda event: None)
    payload = {"form": opened["form"], "path": opened["path"], "name": name, "work": str(work)}
    is_ready = opened["form"] == Form.LITERT.value
    told = (first_look.inspect_tflite if is_ready else keras_side.convert)(payload, lambda event: None)
    interpreter = Interpreter(model_path=opened["path"] if is_ready else str(work / keras_side.LITERT))
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], photo())
    interpreter.invoke()
    answer = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])[0].tolist()
    return {**told, "form": opened["form"], "answer": answer, "labels": list(opened["labels"])}


def apart(work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Do something in a forked process with the limits of the library's own; "died": of which signal, -1 of a bug."""
    from lib.errors import ModelFileError
    from lib.formats.importing import keras_side

    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        process._limit(keras_side.MEMORY_BYTES, keras_side.CPU_SECONDS, keras_side.FILE_BYTES)
        signal.alarm(MOST_SECONDS)
        try:
            answer = work()
        except ModelFileError as error:
            answer = {"error": str(error)}
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os.write(writer, json.dumps(answer).encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        content = pipe.read()
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return dict(json.loads(content)) if content else {"died": -status}


def damaged(folder: Path, count: int, seed: int) -> list[str]:
    """Write damaged copies of every form: cut off, or some bytes changed; return their names.

    Of every other zip the files inside are damaged, and the zip is whole.
    """
    rng = np.random.default_rng(seed)
    names = []
    for number in range(count):
        source = WHOLE[number % len(WHOLE)]
        content = (folder / source).read_bytes()
        names.append(f"damaged-{number}-{source}")
        if source.endswith(".h5") or number // len(WHOLE) % 2:
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


WHOLE = (
    "converted_keras.zip", "keras_model.h5", "converted_tflite.zip", "tm-my-image-model.zip", "one-unit.keras",
    "converted_savedmodel.zip", "keras-2.keras",
)  # fmt: skip


def main(folder: Path, count: int = 15, seed: int = 0) -> None:
    import keras  # noqa: F401 - once, for all that are forked
    import tensorflow  # noqa: F401

    apart(lambda: make(folder) or {})
    results = convert_all(folder, [*WHOLE, *damaged(folder, count, seed)])
    (folder / "converted.json").write_text(json.dumps(results))


if __name__ == "__main__":
    main(Path(sys.argv[1]), *map(int, sys.argv[2:]))
