"""A frame on a small picture of a photo, around the part of it that a model sees."""

import io

from PIL import Image, ImageDraw

_DIMMED = 0.35  # of the light outside is taken away
# One is seen on any picture: the light line on dark ones, the dark lines on light ones.
_LINES = ((0, "black"), (1, "white"), (2, "white"), (3, "white"), (4, "black"))


def framed(thumbnail: bytes, size_wh: tuple[int, int], part: tuple[int, int, int, int]) -> bytes:
    """Return a small JPEG with a thin frame around a part of the photo, and the rest of it dimmed.

    Args:
        thumbnail: A small JPEG of the whole photo.
        size_wh: Of the photo, in pixels.
        part: Left, top, right and bottom in the photo.
    """
    image = Image.open(io.BytesIO(thumbnail)).convert("RGB")
    across, down = (small / large for small, large in zip(image.size, size_wh, strict=True))
    left, top, right, bottom = (round(at * scale) for at, scale in zip(part, (across, down) * 2, strict=True))
    picture = Image.blend(image, Image.new("RGB", image.size), _DIMMED)
    picture.paste(image.crop((left, top, right, bottom)), (left, top))
    draw = ImageDraw.Draw(picture)
    for inwards, colour in _LINES:
        box = (left + inwards, top + inwards, right - 1 - inwards, bottom - 1 - inwards)
        if box[0] <= box[2] and box[1] <= box[3]:  # a part of few pixels has no room for all lines
            draw.rectangle(box, outline=colour)
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=85)
    return buffer.getvalue()
