"""Training of models from random weights. Imports neither TensorFlow nor Keras: those live in the worker process."""

from lib.training.events import TrainEvent
from lib.training.launch import TrainResult, train
from lib.training.options import TrainOptions

__all__ = ["TrainEvent", "TrainOptions", "TrainResult", "train"]
