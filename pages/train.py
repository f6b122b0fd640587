"""Train: a model of one's own, from a few photos of each class."""

from lib.ui.language import translator
from lib.ui.train import stage

t = translator()
stage.draw(t)
