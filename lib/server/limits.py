"""How much one server takes from its visitors, and for how long, in one place.

Chosen for a class behind one address: thirty visitors, each with a handful of connections and twenty photos of a phone.
"""

import os

from lib.errors import UsageError
from lib.messages import N_
from lib.photos.refusals import MAX_BYTES

# Uploads on their way in, and those that wait to be read.
UPLOADS_SETTING = "DISCERN_UPLOADS_MB"
PHOTO_BYTES = MAX_BYTES
ARCHIVE_BYTES = 512 * 2**20  # a zip of labelled photos
WAITING_BYTES_OF_SESSION = 768 * 2**20
WAITING_BYTES = 2 * 2**30  # of all sessions together, unless UPLOADS_SETTING says otherwise
STALLED_S = 30.0  # an upload of which nothing came for so long is given up
LEAST_BYTES_PER_S = 1024  # and one that comes more slowly than that, when it is so far behind
UNTAKEN_S = 900.0  # a file that no page took for so long is dropped
SWEEP_S = 5.0  # how often what visitors left behind is looked for

# Photos that pages post, between the first byte and the answer; what finds no room waits, unread.
BODIES_BYTES = 128 * 2**20  # in all: thirty of a phone's
BODIES_BYTES_OF_VISIT = PHOTO_BYTES
LEAST_BODY_BYTES = 2**16  # what a body counts as at least
BODIES_WAITING_OF_VISIT = 64  # a browser sends six at once
BODIES_WAIT_S = 120.0
RETRY_S = 3  # what was refused for lack of room may be asked for again after so long
WAITING, WAITING_OF_LINE = 4096, 256  # pieces of work that wait for a thread, in all and of one owner
MOST_LISTED = 100  # classes

# What programs ask.
REQUEST_BYTES = 512 * 2**20  # photos in one request
REQUESTS_BYTES = 256 * 2**20  # of all requests, between the first byte and the answer
REQUESTS_BYTES_OF_ONE = 128 * 2**20  # of those from one address
MOST_OF_REQUEST = 2000
BEGIN_BYTES = 8 * 2**20  # of a request for many: then answers begin, before all of it has come
AHEAD_BYTES = 16 * 2**20  # of its photos that wait to be looked at
AHEAD_EACH = 8  # photos that do, for each core
INFERENCE_BYTES = 64 * 2**20  # photos or tensors in one request of the Open Inference Protocol
JSON_VALUES = 2**20  # in one body: reading so many takes two tenths of a second, in which nobody else is served
JSON_OBJECTS = 10_000  # in one body: each takes some hundred bytes of memory for the two that were sent
READY_S = 1.0  # for so long whether the server is ready waits for the model

# Where a model looked.
EXPLAINERS = 2  # models that tell where they looked and stay open: some 10 to 40 MB each
TELL_S = 0.25  # between two lines that say how far a map is
CLASSES_TO_ASK = 5  # that a reader can have shown where they were seen

# Lessons.
LESSON_BYTES = 16 * 2**20  # of what was worked out of a visit's own photos
LESSONS_BYTES = 32 * 2**20  # of what was worked out of samples and drawn pictures, for all
LESSON_MODELS = 3  # that stay open: some 10 to 40 MB each

# Visits: photos, answers and results.
MB = 10**6
VISIT_BYTES = 600 * MB  # one zip of labelled photos of the largest size, and photos
SERVER_BYTES = 1500 * MB
COUNT_AGAIN_S = 0.5  # what all visits hold is counted anew after so long
CLOSED_BYTES = 20 * MB  # of all visits whose page was closed longer ago than GRACE_S
MOST_PHOTOS = 2000
UNDO_S = 60.0  # for so long the photo that was removed last can be put back
MOST_EMPTY = 200  # visits without anything in them
GRACE_S = 75.0  # a page that is loaded anew, whose connection broke, or whose phone slept a minute, is back by then
PROMISED_S = 30 * 60.0  # then all is forgotten that a page held that was closed
FORGET_S = 30.0  # how often what is due is forgotten
KEEP_S = PROMISED_S - 4 * FORGET_S  # until what is due is noticed and forgotten, some time passes
PREVIEW_S = 3600.0  # what no preview has used for so long is removed

# Workshop projects; what one may hold on disk is said in `lib.projects.project`.
PAGES_OF_PROJECT = 32  # that wait for a change of it at once: a class that watches one board
PROJECT_FILE_BYTES = 1024 * 2**20  # a project as one zip, its model included
POLL_S, POLL_AGAIN_S = 20.0, 0.15  # for so long each waits, and how soon it is told
ZIPS, ZIPS_OF_PROJECT = 4, 1  # that are on their way in, on the disk
OFFERS_S = 5.0  # how soon a new model or exercise set is offered
PICTURES_BYTES = 16 * 2**20  # small pictures of photos that were asked for last
VIEW_SIDE = 960  # of a picture of no particular size

# Rooms: a class that meets now.
ROOMS = 8
ROOM_BYTES = 300 * MB  # the photos of one room: thirty people's, ten each, as they are kept
ROOMS_BYTES = 800 * MB  # of all
ROOM_PEOPLE = 60
ROOM_REMOVED = 200  # browsers that a teacher let in no more, for each room
ROOM_NAME = 20  # characters of a nickname
PHOTOS_OF_PERSON = 8  # in one round
SHOTS_OF_PERSON = 200  # photos for a class set that one phone may send
ROOM_CLASSES = 6
ROOM_UNUSED_S = 4 * 3600.0  # a room that nobody looked at for so long is ended
ENDED_S = 3600.0  # for so long a phone that asks is told that its room has ended
ROOM_POLL_S = 20.0  # for so long a phone or the wall waits for news
ROOM_WORDS_BYTES = 16 * 2**20  # of answers in words, for all rooms
ROOM_SOON_S, ROOM_LATER_S = 0.1, 2.0  # news that come together are told together; others' guesses after so long
HERE_S = 45.0  # a phone that asked within so long is here

# Connections.
OPEN_FILES = 8192  # wanted; macOS allows 10,240 at most, and gives 256
CONNECTIONS = 4096  # at most, and at most half of the files that may be open; one address may have half of them
BACKLOG = 256  # connections accepted in one go
HEAD_S = 10.0  # a connection that waits for a request for so long is closed
LOG_EVERY_S = 60.0


def connections(open_files: int) -> tuple[int, int]:
    """Return how many connections there may be, and how many from one address, where so many files may be open."""
    in_all = min(CONNECTIONS, open_files // 2)
    return in_all, in_all // 2


def waiting_bytes() -> int:
    """Return how many bytes of uploads the server holds at most.

    Raises:
        UsageError: The setting is no whole number above zero.
    """
    given = os.environ.get(UPLOADS_SETTING, "").strip()
    if not given:
        return WAITING_BYTES
    if not given.isdecimal() or int(given) == 0:
        raise UsageError(
            N_(
                "{setting} is {given}. It must be the number of megabytes that uploads may take on this "
                "server, such as 2048."
            ),
            setting=UPLOADS_SETTING,
            given=given,
        )
    return int(given) * 2**20
