"""Train: a model of one's own, from a few photos of each class."""

from lib.ui.language import translator
from lib.ui.train import current, delete, scratch, stage

t = translator()
stage.draw(t)
if project := current.project():
    scratch.draw(t, project)
delete.draw(t)
