"""What schemathesis is told beside the description of the API: what a photo looks like."""

import schemathesis
from hypothesis import strategies

from tests.support.pictures import RED, encode, plain

RED_PNG = encode(plain(RED), "PNG")
for kind in ("image/*", "application/octet-stream"):
    schemathesis.openapi.media_type(kind, strategies.sampled_from([RED_PNG, RED_PNG[:40], b""]))
