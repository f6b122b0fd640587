"""A film for Chromium's fake camera: photos that slide past, as YUV4MPEG2."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

WIDTH, HEIGHT, PER_SECOND = 640, 480, 30


def make(path: Path, photos: Sequence[Path], *, seconds: int = 4) -> Path:
    """Write a film that shows each photo for a while, moving, and return its path."""
    frames = seconds * PER_SECOND
    pictures = [_filling(Image.open(photo).convert("RGB")) for photo in photos]
    with path.open("wb") as file:
        file.write(f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F{PER_SECOND}:1 Ip A1:1 C420jpeg\n".encode())
        for frame in range(frames):
            picture = pictures[frame * len(pictures) // frames]
            left = frame % PER_SECOND
            y, cb, cr = picture.crop((left, 0, left + WIDTH, HEIGHT)).convert("YCbCr").split()
            half = (WIDTH // 2, HEIGHT // 2)
            planes = (y, cb.resize(half), cr.resize(half))
            file.write(b"FRAME\n" + b"".join(np.asarray(plane).tobytes() for plane in planes))
    return path


def _filling(photo: Image.Image) -> Image.Image:
    """Return a photo scaled so that it fills a frame, with room to slide."""
    wide = WIDTH + PER_SECOND
    scale = max(wide / photo.width, HEIGHT / photo.height)
    grown = photo.resize((round(photo.width * scale) + 1, round(photo.height * scale) + 1))
    return grown.crop((0, 0, wide, HEIGHT))
