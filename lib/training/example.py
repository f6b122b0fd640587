"""What is taken over from the Keras example "Image classification from scratch": its figure, and its sentence.

keras.io/examples/vision/image_classification_from_scratch (F. Chollet, 2020, as of 2023); its net is
`lib.training.architectures.keras_example`.
"""

from collections.abc import Sequence

from lib.messages import N_, Message

# What its authors report, and nobody measured here.
REPORTED = N_(
    "The Keras example “Image classification from scratch” reports more than 90% validation accuracy for this net at "
    "180 × 180 after 25 epochs on all of its cats and dogs. That was not measured here."
)


def sentence(probabilities: Sequence[float], labels: Sequence[str]) -> Message:
    """Return what the example says of a photo: "This image is 94.30% cat and 5.70% dog."

    Args:
        probabilities: Of two classes, each in [0, 1]; the second is what the net's one unit gives.
        labels: Their names.
    """
    (one, other), (first, second) = labels, (f"{100 * share:.2f}%" for share in probabilities)
    text = N_("This image is {first} {one} and {second} {other}.")
    return Message(text, {"first": first, "one": one, "second": second, "other": other})
