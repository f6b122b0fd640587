"""How much workshop projects take, and for how long they are kept, in one place."""

MB = 2**20
PROJECT_BYTES = 512 * MB  # of photos, those set aside included
PROJECT_PHOTOS = 5000
ALL_BYTES = 4096 * MB  # of all projects of a data folder; what is full is refused, nobody's project makes room
MOST_PROJECTS = 2000
MOST_LISTED = 1000  # files that are no photos: their names and reasons are kept, not what is in them

DAY_S = 24 * 3600.0
UNUSED_S = 30 * DAY_S  # a project that nobody opened for so long is deleted
EMPTY_S = DAY_S  # likewise one without a photo
TOUCH_S = 3600.0  # how exactly it is known when a project was opened last
EARLIEST_S = 1_767_225_600.0  # 1 January 2026: a clock that said less was wrong, for no project is older
ENDS_S = 5.0  # for so long the end of a deleted project's work is waited for
OPEN_PROJECTS = 64  # that stay in memory though nobody holds them

# A project as one file.
MODEL_FILES = 40
MODEL_BYTES = 512 * MB
FILE_BYTES = PROJECT_BYTES + 2 * MODEL_BYTES
MANIFEST_BYTES = 32 * MB
