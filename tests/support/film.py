"""A film for Chromium's fake camera: photos that slide past, as YUV4MPEG2."""

from base64 import b64decode, b64encode
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Page

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


def webm(page: Page, path: Path, photo: Path, *, seconds: float = 2.0) -> Path:
    """Let the browser itself record a film of a photo that stands still, and return its path."""
    address = f"data:image/png;base64,{b64encode(photo.read_bytes()).decode()}"
    recorded: str = page.evaluate(
        """async ([address, seconds]) => {
          const picture = new Image(), canvas = document.createElement('canvas'), parts = [];
          picture.src = address;
          await picture.decode();
          Object.assign(canvas, { width: picture.width, height: picture.height });
          const draw = () => canvas.getContext('2d').drawImage(picture, 0, 0);
          const recorder = new MediaRecorder(canvas.captureStream(20), { mimeType: 'video/webm' });
          recorder.ondataavailable = ({ data }) => parts.push(data);
          const over = new Promise((done) => { recorder.onstop = done; });
          const timer = setInterval(draw, 50);
          recorder.start();
          await new Promise((done) => setTimeout(done, 1000 * seconds));
          recorder.stop();
          await over;
          clearInterval(timer);
          const bytes = new Uint8Array(await new Blob(parts).arrayBuffer());
          return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
        }""",
        [address, seconds],
    )
    path.write_bytes(b64decode(recorded))
    return path


def _filling(photo: Image.Image) -> Image.Image:
    """Return a photo scaled so that it fills a frame, with room to slide."""
    wide = WIDTH + PER_SECOND
    scale = max(wide / photo.width, HEIGHT / photo.height)
    grown = photo.resize((round(photo.width * scale) + 1, round(photo.height * scale) + 1))
    return grown.crop((0, 0, wide, HEIGHT))
