"""The QR code, read back."""

import re
from base64 import b64decode

import cv2
import numpy as np
import pytest

from lib.server import qr

ADDRESS = "https://192.168.100.100:8501"


def read(dark: np.ndarray) -> str:
    """Return what a reader makes of squares, True for dark ones."""
    shown = np.kron(np.where(dark, 0, 255).astype(np.uint8), np.ones((8, 8), np.uint8))
    return str(cv2.QRCodeDetector().detectAndDecode(shown)[0])


@pytest.mark.parametrize("address", [ADDRESS, "http://10.0.0.7:8501", "https://lab.school.example:8502"])
def test_a_terminal_of_any_colours_shows_what_a_phone_reads(address: str) -> None:
    rows = []
    for line in qr.lines(address):
        light, squares, after = re.fullmatch(r"(\x1b\[[\d;]+m)([ █▀▄]+)(\x1b\[0m)", line).groups()  # type: ignore[union-attr]
        assert (light, after) == ("\033[38;5;231;48;5;16m", "\033[0m")  # white on black, as `█` is light here
        rows += [[square in " ▄" for square in squares], [square in " ▀" for square in squares]]
    assert read(np.array(rows)) == address
    assert len(rows[0]) < 76


def test_the_picture_is_black_on_white_with_its_margin() -> None:
    kind, _, data = qr.picture(ADDRESS).partition(";base64,")
    svg = b64decode(data).decode()
    assert kind == "data:image/svg+xml"
    assert 'fill="#fff"' in svg
    assert 'stroke="#000"' in svg
    assert ADDRESS not in svg
