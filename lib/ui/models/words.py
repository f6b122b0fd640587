"""What is said of a model, in the visitor's language."""

import re

from lib.catalogue.finding import knows_imagenet
from lib.catalogue.store import Entry
from lib.i18n import Translator
from lib.messages import N_
from lib.model.spec import OURS, Published

_THOUSAND = N_("A thousand kinds of animals and things.")
# What a model is good for. Of those that are not here it is known only that ImageNet's classes are a thousand kinds.
PURPOSES = {
    "efficientnet-lite0-int8": N_("A thousand kinds of animals and things. The best one to begin with."),
    "efficientnet-lite0": N_("The same model before its numbers were rounded to 8 bits. See what that changes."),
    "starter": N_("Twenty everyday things, and it says when a photo is unfamiliar."),
    "everyday-v2": N_("Twenty everyday things, by another network. Nearly as good as the starter, and smaller."),
    "everyday-quick": N_("Twenty everyday things in less than a megabyte, for phones and web pages."),
    "starter-scratch": N_("Twenty everyday things, learned from nothing. See how far a small model gets on its own."),
    "starter-small": N_("Twenty everyday things, weak on purpose. Find its mistakes and explain them."),
    "starter-xception": N_("Twenty everyday things, by a model that is built in another way."),
    "mobilenet-v2-1.0-224-inat-bird-quant": N_("Kinds of birds, with their Latin and English names."),
    "mobilenet-v2-1.0-224-inat-insect-quant": N_("Kinds of insects, with their Latin and English names."),
    "mobilenet-v2-1.0-224-inat-plant-quant": N_("Kinds of plants, with their Latin and English names."),
}
_KINDS = {
    "mobilenet-v2-1.0-224-inat-bird-quant": N_("birds"),
    "mobilenet-v2-1.0-224-inat-insect-quant": N_("insects"),
    "mobilenet-v2-1.0-224-inat-plant-quant": N_("plants"),
}
# Where published figures stand; the keys of the catalogue, which only Python's sentences can be translated by.
SOURCES = (
    N_("TensorFlow Lite guide, “Hosted models”, measured with the TFLite accuracy tool"),
    N_(
        "TensorFlow Lite guide, “Hosted models”, measured with the TFLite accuracy tool. Parameters: slim's "
        "mobilenet_v1.md"
    ),
    N_(
        "TensorFlow Lite guide, “Hosted models”, measured with the TFLite accuracy tool. Parameters: slim's "
        "mobilenet/README.md"
    ),
    N_(
        "tensorflow/tpu on GitHub, models/official/efficientnet/lite/README.md, on ImageNet's validation photos. "
        "Parameters counted in the weights"
    ),
    N_("tensorflow/tpu on GitHub, models/official/efficientnet/edgetpu/README.md"),
    N_("tensorflow/models on GitHub, research/slim/nets/mobilenet/README.md"),
    N_("keras.io/api/applications"),
)
_TEN_THOUSAND = {"ko": "만", "ja": "万"}
_OWN_SOURCE = re.compile(r"measured on (\d+) validation photos")


def purpose(t: Translator, entry: Entry) -> str:
    """Return what a model is good for; "" if nobody said."""
    told = PURPOSES.get(entry.spec.id)
    if told is not None:
        return t(told)
    return t(_THOUSAND) if knows_imagenet(entry) else entry.spec.description


def source(t: Translator, text: str) -> str:
    """Return where figures come from; what nobody translated stays as it is."""
    own = _OWN_SOURCE.fullmatch(text)
    if own is not None:
        return t("Measured on {n} photos that it did not learn from.", n=own[1])
    return t(text)


_MEASURED = {
    "held out": N_("photos that were held out of the training"),
    "leave-one-out": N_("the training photos, each left out in turn"),
    "five folds": N_("the training photos, a fifth left out in turn"),
    "everyday-20/val": N_("photos of the twenty things that were held out (everyday-20/val)"),
    "imagenet-sample": N_("photos from ImageNet (imagenet-sample)"),
}


def measured(t: Translator, text: str) -> str:
    """Return on which photos a track record was counted; the name of a visitor's own stays as it is."""
    return t(_MEASURED[text]) if text in _MEASURED else text


def top1(entry: Entry) -> float | None:
    """Return the published share of photos that a model's first answer is right on."""
    return None if entry.spec.published is None else entry.spec.published.top1


def right(t: Translator, entry: Entry, share: float) -> str:
    """Return a share of right answers, and which photos it is of."""
    if knows_imagenet(entry):
        return t("{share} right on ImageNet", share=f"{share:.1%}")
    return t("{share} right on its own photos", share=f"{share:.1%}")


def many(n: int, language: str) -> str:
    """Return a large number as people say it: "1.3 million", "127만", "416,916", "6692"."""
    if language in _TEN_THOUSAND and n >= 1e5:
        return f"{n / 1e4:.0f}{_TEN_THOUSAND[language]}"
    if n >= 1e6:
        return f"{n / 1e6:.1f} million"
    return f"{n:,}" if n >= 1e4 else str(n)


def parameters(t: Translator, published: Published | None) -> str:
    """Return how many parameters a model has, and what those are; "" if nobody said."""
    if published is None or published.parameters is None:
        return ""
    return t("{n}: the numbers that it learned", n=many(published.parameters, t.language))


def kind(t: Translator, entry: Entry) -> str:
    """Return in a word or two what a model knows."""
    if entry.spec.family == OURS:
        return t("everyday things")
    if knows_imagenet(entry):
        return t("animals and things")
    return t(_KINDS[entry.spec.id]) if entry.spec.id in _KINDS else entry.spec.description
