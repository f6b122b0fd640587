"""JSON that strangers send: read without letting it take everybody's memory or time.

Python's reader makes an object of each value, some thirty bytes for the two that it took to send it, and lets nobody
else run meanwhile. So what there is in a body is counted first, which costs next to nothing.
"""

import binascii
import json
from collections.abc import Mapping
from typing import Any, NoReturn

from lib.errors import UsageError
from lib.messages import N_
from lib.server import limits
from lib.server.refusal import Refusal

KIND = "application/json"


def read(body: bytes | memoryview) -> Mapping[str, Any]:
    """Return the object that a body holds.

    Raises:
        UsageError: It is no JSON, or no object.
        Refusal: It holds more values than are read.
    """
    content = bytes(body)
    if content.count(b",") + content.count(b"[") > limits.JSON_VALUES or content.count(b"{") > limits.JSON_OBJECTS:
        sentence = N_("The JSON holds more than {most} values. Send photos as they are, and numbers as binary data.")
        raise Refusal(413, sentence, most=limits.JSON_VALUES)
    try:
        found = json.loads(content.decode(), parse_constant=_no_number)
        if b"\\u" in content:  # what is written so can be half a character, which no answer could repeat
            json.dumps(found, ensure_ascii=False).encode()
    except RecursionError:
        raise UsageError(N_("The JSON is nested too deeply.")) from None
    except json.JSONDecodeError as error:
        raise UsageError(N_("The body is not valid JSON: {reason}."), reason=error) from None
    except UnicodeError:
        raise UsageError(N_("The body is not text in Unicode (UTF-8).")) from None
    except ValueError:  # Python reads 4300 digits
        raise UsageError(N_("The JSON holds a number of too many digits.")) from None
    if not isinstance(found, dict):
        raise UsageError(N_("The JSON must be an object."))
    return found


def _no_number(name: str) -> NoReturn:
    raise UsageError(N_("{name} is no number in JSON."), name=name)


def photo(text: object) -> bytes:
    """Return the photo that a text holds in base64, with or without `data:image/…;base64,` before it (RFC 2397).

    Raises:
        UsageError: It holds none.
        Refusal: The photo is larger than photos may be.
    """
    if not isinstance(text, str):
        raise UsageError(N_("In JSON a photo must be a text in base64."))
    if text.startswith(("http://", "https://")):
        raise UsageError(N_("Photos are not fetched from addresses. Send the photo itself."))
    head, comma, rest = text.partition(",")
    encoded = rest if comma and head.startswith("data:") else text
    if len(encoded) // 4 * 3 > limits.PHOTO_BYTES + 3:
        raise Refusal(413, N_("The photo is larger than {limit} MB."), limit=limits.PHOTO_BYTES // 2**20)
    try:
        data = binascii.a2b_base64("".join(encoded.split()), strict_mode=True)
    except ValueError:  # of which binascii.Error is one; or there are letters beyond ASCII
        raise UsageError(N_("The photo in the JSON is not valid base64.")) from None
    if not data:
        raise UsageError(N_("The photo in the JSON is empty."))
    return data
