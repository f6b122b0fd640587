"""How much one server takes from its visitors, in one place.

Chosen for a class behind one address: thirty visitors, each with a handful of connections and twenty photos of a phone.
"""

import os

from lib.errors import UsageError
from lib.messages import N_
from lib.photos import MAX_BYTES

UPLOADS_SETTING = "DISCERN_UPLOADS_MB"

PHOTO_BYTES = MAX_BYTES
ARCHIVE_BYTES = 512 * 2**20  # a zip of labelled photos
VISIT_BYTES = 768 * 2**20  # of one session, waiting to be read
SERVER_BYTES = 2 * 2**30  # of all sessions together, unless UPLOADS_SETTING says otherwise

STALLED_S = 30.0  # an upload of which nothing came for so long is given up
UNTAKEN_S = 900.0  # a file that no page took for so long is dropped
SWEEP_S = 5.0  # how often what visitors left behind is looked for


def server_bytes() -> int:
    """Return how many bytes of uploads the server holds at most.

    Raises:
        UsageError: The setting is no whole number above zero.
    """
    given = os.environ.get(UPLOADS_SETTING, "").strip()
    if not given:
        return SERVER_BYTES
    if not given.isdecimal() or int(given) == 0:
        raise UsageError(
            N_("{setting} is {given}. Expected how many megabytes of uploads the server may hold, such as 2048."),
            setting=UPLOADS_SETTING,
            given=given,
        )
    return int(given) * 2**20
