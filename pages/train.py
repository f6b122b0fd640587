"""Train: a model of one's own, from a few photos of each class."""

from lib.ui.language import translator
from lib.ui.train import current, delete, photos, scratch, stage, takeaway

t = translator()
stage.draw(t)
if project := current.project():
    for section in (photos, scratch, takeaway):
        section.draw(t, project)
delete.draw(t)
