"""A class is called by its first name where that is one of several names; other commas belong to it."""

import pytest

from lib.face.names import short, short_names, shortened
from lib.model.imagenet import imagenet, normalise
from tests.face.answers import of_a_thousand


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("ruffed grouse, partridge, Bonasa umbellus", "ruffed grouse"),
        ("tench", "tench"),
        ("Washington, D.C.", "Washington, D.C."),
        ("collie, my own", "collie, my own"),
        ("golf_ball", "golf ball"),
        ("개", "개"),
        ("", ""),
        (",", ","),
    ],
)
def test_short(label: str, name: str) -> None:
    assert short(label) == name


def test_no_two_classes_of_imagenet_have_one_short_name() -> None:
    names = short_names(", ".join(names) for _, names in imagenet())
    assert len(set(map(normalise, names))) == 1000
    assert (names[134], names[517]) == ("crane (bird)", "crane (machine)")


def test_a_crane_elsewhere_is_a_crane() -> None:
    assert short_names(["crane", "dog"]) == ("crane", "dog")


def test_an_answer_names_the_class_that_stands_at_that_place() -> None:
    assert shortened(of_a_thousand({517: 0.9})).verdict.winner.label == "crane (machine)"
