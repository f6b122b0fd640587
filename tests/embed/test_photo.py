"""Photos in the browser come out upright, as in the app."""

import pytest
from PIL import Image
from playwright.sync_api import Page

from lib.embed import Engine
from lib.embed.web import modules
from tests.embed.site import Site
from tests.support.pictures import CORNERS, are_close, corners, encode

# What EXIF says was done to the upright picture when it was stored (2.3, tag 274).
STORED = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
FORMS: dict[str, dict[str, object]] = {"WEBP": {"lossless": True}, "JPEG": {"quality": 95}, "PNG": {}, "AVIF": {}}
ASK = """<!doctype html><script type="module">
import {openPhoto} from './photo.js';
window.corners = async (name, shown) => {
  const image = Object.assign(new Image(), {src: name});
  const file = await (await fetch(name)).blob();
  const bitmap = await openPhoto(shown ? image : file, {});
  const {width, height} = bitmap;
  const context = Object.assign(document.createElement('canvas'), {width, height}).getContext('2d');
  context.drawImage(bitmap, 0, 0);
  const places = [[1, 1], [3, 1], [1, 3], [3, 3]].map(([x, y]) => [width * x / 4, height * y / 4]);
  return places.map(([x, y]) => Array.from(context.getImageData(x, y, 1, 1).data.slice(0, 3)));
};
</script>"""


def stored(orientation: int, form: str) -> bytes:
    turn = STORED[orientation]
    exif = Image.Exif()
    exif[274] = orientation
    return encode(corners().transpose(turn) if turn is not None else corners(), form, exif=exif, **FORMS[form])


@pytest.mark.parametrize("shown", [False, True], ids=["file", "img"])
def test_every_orientation_of_every_format_comes_out_upright(shown: bool, page: Page, site: Site) -> None:
    xmp = b'<x:xmpmeta><rdf:Description tiff:Orientation="6"/></x:xmpmeta>'
    turned = corners().transpose(Image.Transpose.ROTATE_90)
    files = {f"{n}.{form.lower()}": stored(n, form) for form in FORMS for n in STORED}
    files["xmp.webp"] = encode(turned, "WEBP", lossless=True, xmp=xmp)
    files["unreadable.webp"] = encode(corners(), "WEBP", lossless=True, exif=b"Exif\0\0II*\0" + b"\xff" * 40)
    site.put({"index.html": ASK, **dict(modules(Engine.LITERT)), **files})
    page.goto(site.address)
    page.wait_for_function("() => Boolean(window.corners)")
    for name in files:
        found = page.evaluate("([name, shown]) => window.corners(name, shown)", [name, shown])
        assert are_close([tuple(colour) for colour in found], CORNERS, within=40), name
