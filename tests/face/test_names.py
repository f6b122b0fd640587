"""A class is called by its first name where that is one of several names; other commas belong to it."""

import pytest

from lib.face.names import short


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
