"""The same model in Gradio, with its defaults. Arguments: port, model, labels, and both ends of the input's range."""

import queue
import sys
from pathlib import Path

import gradio
import numpy as np
from ai_edge_litert.interpreter import Interpreter
from PIL import Image

port, model, labels_file, low, high = sys.argv[1:]
labels = Path(labels_file).read_text(encoding="utf-8").split("\n")
labels = [label for label in labels if label]
interpreters: "queue.SimpleQueue[Interpreter]" = queue.SimpleQueue()
for _ in range(2):
    one = Interpreter(model, num_threads=1)
    one.allocate_tensors()
    interpreters.put(one)


def classify(photo: Image.Image) -> dict[str, float]:
    """Return the probability of each class."""
    interpreter = interpreters.get()
    try:
        entry, leave = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
        _, height, width, _ = entry["shape"]
        pixels = np.asarray(photo.convert("RGB").resize((width, height), Image.Resampling.BILINEAR), np.float32)
        tensor = float(low) + pixels / 255 * (float(high) - float(low))
        if scale := entry["quantization"][0]:
            tensor = np.rint(tensor / scale + entry["quantization"][1])
        interpreter.set_tensor(entry["index"], tensor.astype(entry["dtype"])[np.newaxis])
        interpreter.invoke()
        raw = interpreter.get_tensor(leave["index"]).reshape(-1).astype(float)
    finally:
        interpreters.put(interpreter)
    return dict(zip(labels, raw / raw.sum(), strict=True))


gradio.Interface(classify, gradio.Image(type="pil"), gradio.Label(num_top_classes=5)).launch(
    server_name="127.0.0.1", server_port=int(port), quiet=True
)
