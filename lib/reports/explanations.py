"""Where a model looked → a JSON object and a picture, the same at every door; and the class that a reader names."""

import io
import re

from lib.charts import heat
from lib.classify.explain import Explanation
from lib.classify.infer import conclude
from lib.errors import UsageError
from lib.face.looked import described
from lib.face.names import short_names
from lib.i18n import Translator
from lib.messages import N_, Listed
from lib.model.imagenet import normalise
from lib.model.spec import ModelFolder
from lib.photos.opening import open_with_size
from lib.reports.classifications import to_object
from lib.results import Answer

LARGEST_PX = 1024  # of the picture's longer side
_MOST_NEAR = 5


def class_of(name: str, folder: ModelFolder, language: str) -> int:
    """Return the index of the class of a name, in the reader's language or in the model's own.

    Raises:
        UsageError: There is none; the sentence names some that there are.
    """
    wanted, labels = normalise(name), short_names(folder.read_labels(language))
    for names in (labels, folder.read_labels(), short_names(folder.read_labels())):
        alike = [index for index, label in enumerate(names) if normalise(label) == wanted]
        if alike:
            return alike[0]
    near = [label for label in labels if wanted in normalise(label)]
    word = re.compile(rf"\b{re.escape(wanted)}\b")
    near.sort(key=lambda label: word.search(normalise(label)) is None)  # "tabby cat" before "catamaran"
    near = near[:_MOST_NEAR] or list(labels[:_MOST_NEAR])
    raise UsageError(
        N_("{model} has no class “{label}”. It has, among others: {near}."),
        model=folder.spec.id, label=name, near=Listed(tuple(near)),
    )  # fmt: skip


def explanation_object(found: Explanation, answer: Answer, folder: ModelFolder, say: Translator) -> dict[str, object]:
    """Return a map as a JSON object: the cells, what they add up to, what they show, and what the answer is.

    Args:
        found: The map.
        answer: What the model says of the photo.
        folder: The model.
        say: The reader's language.
    """
    names = folder.read_labels(say.language)
    outcome, labels = to_object(conclude(answer, names), say), short_names(names)
    against = None if found.against is None else labels[found.against]
    return {
        "file": outcome["file"],
        "model": answer.model,
        "method": found.method,
        "index": found.index,
        "label": labels[found.index],
        "against": against,
        "probability": found.probability,
        "cells": found.cells.tolist(),
        "bias": found.bias,
        "total": found.total if found.method == "cam" else None,
        "vote": found.vote,
        "box": list(found.box),
        "size": list(found.size_wh),
        "message": " ".join(say.message(message) for message in described(found, labels[found.index], against)),
        "answer": outcome["message"],
        "unfamiliar": outcome["unfamiliar"],
    }


def explanation_png(found: Explanation, photo: bytes, name: str) -> bytes:
    """Return a photo, at most `LARGEST_PX` a side, with the map drawn on it.

    Args:
        found: The map.
        photo: The file.
        name: Of the photo.

    Raises:
        PhotoError: The photo cannot be read.
    """
    image, _ = open_with_size(photo, name, at_least=LARGEST_PX)
    image.thumbnail((LARGEST_PX, LARGEST_PX))
    picture = io.BytesIO()
    heat.draw(image, found).save(picture, "PNG")
    return picture.getvalue()
