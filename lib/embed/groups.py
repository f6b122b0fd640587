"""The everyday groups of a model's classes, as the snippets hold them."""

import numpy as np

from lib.datasets.groups import groups_of
from lib.embed.options import Options
from lib.i18n import Translator
from lib.model.imagenet import imagenet
from lib.model.spec import ModelFolder


def group_spans(options: Options) -> dict[str, str]:
    """Return for each group, by its name as sentences say it, the classes in it: "281-285 290"; {} without groups."""
    if isinstance(options.model, ModelFolder):
        labels = options.model.read_labels()
    else:
        labels = tuple(names[0] for _, names in imagenet())
    groups, say = groups_of(labels), Translator(options.language)
    if groups is None:
        return {}
    return {
        say.word(phrase): _spans(np.flatnonzero(groups.of_class == number))
        for number, phrase in enumerate(groups.phrases)
    }


def _spans(positions: "np.ndarray[tuple[int], np.dtype[np.intp]]") -> str:
    """Return rising numbers with those that follow each other as one: "281-285 290"."""
    runs = np.split(positions, np.flatnonzero(np.diff(positions) > 1) + 1)
    return " ".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)
