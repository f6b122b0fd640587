"""Training of models: a head of one's own on a finished one, or a whole net.

What is offered here asks for the training of a whole net, and imports neither TensorFlow nor Keras: those live in the
worker process.
"""

from lib.training.events import TrainEvent
from lib.training.launch import TrainResult, train
from lib.training.options import TrainOptions

__all__ = ["TrainEvent", "TrainOptions", "TrainResult", "train"]
