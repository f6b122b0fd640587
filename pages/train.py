"""Train: a model of one's own, from a few photos of each class."""

from lib.ui.language import translator
from lib.ui.train import bring, current, delete, photos, scratch, stage, takeaway

t = translator()
stage.draw(t)
if project := current.project():
    for section in (photos, scratch, takeaway):
        section.draw(t, project)
bring.draw(t)
delete.draw(t)
