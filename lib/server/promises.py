"""Where photos go: for each thing that somebody can do, what leaves the device, where it is kept, and for how long.

The page `/photos` shows this. `tests/server/test_promises.py` and `tests/browser/test_photos.py` do each of it, and
look at what is sent, what lies on the disk and what is left in the end. Figures are those that the program goes by.
"""

from dataclasses import dataclass

from lib.messages import N_, Message
from lib.projects.limits import DAY_S, PROJECT_BYTES, UNUSED_S
from lib.server import limits


@dataclass(frozen=True, slots=True)
class Promise:
    """What becomes of photos when somebody does something.

    Attributes:
        id: Its own, lower case.
        action: What is done.
        leaves: What leaves the device.
        kept: Where it is kept.
        until: For how long; None where nothing is kept.
        seen: Who can see it; None where there is nothing to see.
        end: How to end it; None where there is nothing to end.
    """

    id: str
    action: Message
    leaves: Message
    kept: Message
    until: Message | None = None
    seen: Message | None = None
    end: Message | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """Promises that belong together.

    Attributes:
        title: What about.
        promises: At least one.
    """

    title: Message
    promises: tuple[Promise, ...]


def _mb(size_bytes: int) -> str:
    """Return a bound as all pages say it, in MB of 2²⁰ bytes."""
    return f"{size_bytes // 2**20} MB"


_MINUTES, _DAYS = round(limits.PROMISED_S / 60), round(UNUSED_S / DAY_S)
_HOURS = round(limits.ROOM_UNUSED_S / 3600)

IN_SHORT = (
    Message(N_("Discern runs on one computer, yours or your teacher's. Photos go to that computer and nowhere else.")),
    Message(N_("No photo is sent to the internet, and none is used to make Discern better.")),
    Message(N_("Where your device can look by itself, the pictures of the live camera do not even leave it.")),
    Message(
        N_("Photos in Classify, Compare and Learn are forgotten {minutes} minutes after you close the page."),
        {"minutes": _MINUTES},
    ),
    Message(N_("In a room, photos are forgotten when the teacher ends it.")),
    Message(
        N_(
            "Only Train and a class that collects photos in a room write photos to a disk. Train can keep numbers "
            "instead."
        )
    ),
)

_NOTHING = Message(N_("Nothing that was not there before."))
_NOWHERE = Message(N_("Nowhere."))
_IN_MEMORY = Message(N_("In the memory of the computer that runs Discern. Not on its disk."))
_WHILE_ASKED = Message(N_("In the memory of the computer that runs Discern, until the answer is there."))
_AFTER_CLOSING = Message(
    N_("Until {minutes} minutes after you close the page, or sooner where memory is short."), {"minutes": _MINUTES}
)
_ONLY_YOU = Message(N_("Only you. Whoever runs the computer could look into its memory; no page of Discern shows it."))
_CLOSE = Message(N_("Remove the photos: they go when it can no longer be undone. Or close the page."))
_STOP = Message(N_("Stop the camera."))
_WITH_LINK = Message(
    N_("You, and everybody who has the link to the project. Whoever runs the computer could open the folder.")
)
_WITH_PROJECT = Message(
    N_(
        "Until you delete your data, or nobody has opened the project for {days} days. What you take out stays with "
        "the project till then, so that it can come back."
    ),
    {"days": _DAYS},
)
_DELETE = Message(N_("Press “Delete my data” on the page Train."))

CLASSIFY = Part(
    Message(N_("Classify, Compare and Learn")),
    (
        Promise(
            "photo",
            Message(N_("Add photos in Classify or Learn: choose, drop or paste them")),
            Message(
                N_("The photos, to the computer that runs Discern: up to {size} each."),
                {"size": _mb(limits.PHOTO_BYTES)},
            ),
            _IN_MEMORY,
            _AFTER_CLOSING,
            _ONLY_YOU,
            _CLOSE,
        ),
        Promise(
            "sample",
            Message(N_("Try a sample")),
            Message(N_("Nothing of yours: only which sample it is.")),
            _IN_MEMORY,
            _AFTER_CLOSING,
            Message(N_("Samples are the same for everybody.")),
            _CLOSE,
        ),
        Promise(
            "camera",
            Message(N_("Take a photo with the camera in Classify")),
            Message(N_("The photo, to the computer that runs Discern, when you press the button.")),
            _IN_MEMORY,
            _AFTER_CLOSING,
            _ONLY_YOU,
            _CLOSE,
        ),
        Promise(
            "live-device",
            Message(N_("Live camera, where your device looks by itself")),
            Message(N_("No picture. Your device fetches the model once, and asks nobody.")),
            _NOWHERE,
            end=_STOP,
        ),
        Promise(
            "live-server",
            Message(N_("Live camera, where your device cannot look by itself")),
            Message(N_("Small pictures, one after the other, to the computer that runs Discern. The page says so.")),
            _WHILE_ASKED,
            seen=_ONLY_YOU,
            end=_STOP,
        ),
        Promise(
            "where",
            Message(N_("Where it looked")),
            _NOTHING,
            Message(N_("The map is drawn for you and not kept.")),
        ),
        Promise(
            "compare",
            Message(N_("Labelled photos in Compare: a zip file or a folder")),
            Message(
                N_("The photos and the names of their classes, to the computer that runs Discern: up to {size}."),
                {"size": _mb(limits.ARCHIVE_BYTES)},
            ),
            Message(
                N_(
                    "In the memory of the computer that runs Discern. A file of more than {size} lies on its disk, "
                    "without a name, while it comes in."
                ),
                {"size": _mb(limits.PHOTO_BYTES)},
            ),
            _AFTER_CLOSING,
            _ONLY_YOU,
            Message(N_("Bring other photos, or close the page.")),
        ),
    ),
)

TRAIN = Part(
    Message(N_("Train")),
    (
        Promise(
            "train",
            Message(N_("Photos in Train")),
            Message(
                N_("The photos, to the computer that runs Discern: up to {size} in a project."),
                {"size": _mb(PROJECT_BYTES)},
            ),
            Message(N_("On the disk of that computer, in a folder that no other user of it may open.")),
            _WITH_PROJECT,
            _WITH_LINK,
            _DELETE,
        ),
        Promise(
            "numbers",
            Message(N_("Photos in Train, with “Keep numbers only”")),
            Message(
                N_("The photos, to the computer that runs Discern: up to {size} in a project."),
                {"size": _mb(PROJECT_BYTES)},
            ),
            Message(
                N_(
                    "On the disk of that computer until numbers are made of them, mostly for seconds. Then only these "
                    "are there, with the names of the files and their checksums. Numbers are no picture, but they tell "
                    "something of what was on the photo."
                )
            ),
            _WITH_PROJECT,
            _WITH_LINK,
            _DELETE,
        ),
        Promise(
            "train-live",
            Message(N_("The live picture in Train, or a photo to try")),
            Message(
                N_(
                    "Only numbers made of the picture, where your device looks by itself; else small pictures. The "
                    "page says which of the two. A photo to try is sent."
                )
            ),
            _WHILE_ASKED,
            seen=_ONLY_YOU,
            end=_STOP,
        ),
        Promise(
            "model",
            Message(N_("A model that you make in Train")),
            _NOTHING,
            Message(
                N_(
                    "On the disk of the computer that runs Discern: numbers, the names of the classes and checksums of "
                    "the photos. No photo."
                )
            ),
            Message(N_("Until you delete your data, or somebody deletes the model on the page Models.")),
            Message(N_("Everybody who uses this Discern can use the model, and read the names of its classes.")),
            _DELETE,
        ),
        Promise(
            "delete",
            Message(N_("Delete my data")),
            Message(N_("Nothing but the wish.")),
            Message(
                N_(
                    "All projects of this browser go: photos, numbers, models, files. Then it is counted what is left, "
                    "and you see the count."
                )
            ),
        ),
    ),
)

_SMALLER = Message(
    N_(
        "The photo, to the computer that runs Discern. Before that your phone makes it smaller, where it can, and so "
        "takes out where it was taken."
    )
)
_WITH_ROOM = Message(
    N_(
        "Until you leave the room, the teacher ends it or puts you out, or nobody has looked at it for {hours} hours. "
        "Then it is gone at once."
    ),
    {"hours": _HOURS},
)

ROOM = Part(
    Message(N_("In a room")),
    (
        Promise(
            "room-photo",
            Message(N_("Send a photo to the wall of a room")),
            _SMALLER,
            _IN_MEMORY,
            _WITH_ROOM,
            Message(
                N_(
                    "Everybody in the room, on the phones and on the screen. If the teacher hides it: you and the "
                    "teacher."
                )
            ),
            Message(N_("Remove the photo, or leave the room.")),
        ),
        Promise(
            "room-name",
            Message(N_("Join a room, guess and vote")),
            Message(N_("The nickname that you choose, what you guess, and whether you find an answer right.")),
            Message(
                N_(
                    "In the memory of the computer that runs Discern. Nicknames and points are on its disk, too, so "
                    "that the class can go on after it was started anew."
                )
            ),
            _WITH_ROOM,
            Message(
                N_(
                    "Everybody in the room sees nicknames, and everybody at the screen points. It is shown how many "
                    "guessed what, not who did."
                )
            ),
            Message(N_("Leave the room.")),
        ),
        Promise(
            "room-set",
            Message(N_("Photos that a class collects in a room")),
            _SMALLER,
            Message(N_("On the disk of that computer, in a folder that no other user of it may open.")),
            Message(
                N_(
                    "Until the teacher ends the room, or nobody has looked at it for {hours} hours; also when you "
                    "leave before. A set that the teacher keeps is like photos in Train from then on."
                ),
                {"hours": _HOURS},
            ),
            Message(N_("Everybody at the screen, and everybody who has the link to the project.")),
            Message(N_("Ask the teacher to take your photo out.")),
        ),
        Promise(
            "room-live",
            Message(
                N_("On a phone in a room: “{live}” or “{ask}”"),
                {"live": Message(N_("Live camera")), "ask": Message(N_("Just ask about a photo"))},
            ),
            Message(
                N_(
                    "Of the camera nothing, where your device looks by itself; else small pictures. The page says "
                    "which of the two. A photo that you ask about is sent."
                )
            ),
            _WHILE_ASKED,
            seen=_ONLY_YOU,
            end=_STOP,
        ),
        Promise(
            "room-home",
            Message(N_("The teacher takes the room home as a file")),
            Message(
                N_(
                    "Photos that are not hidden, nicknames, how many guessed what, and the class set go to the "
                    "teacher’s browser."
                )
            ),
            Message(N_("On the disk of the computer that runs Discern, while the file is made and sent.")),
            Message(N_("What the teacher saves stays as long as the teacher wants.")),
            Message(N_("Whoever gets the file.")),
            Message(N_("Remove your photos, or leave, before the teacher makes the file.")),
        ),
        Promise(
            "room-end",
            Message(N_("The teacher ends the room")),
            Message(N_("Nothing but the wish.")),
            Message(
                N_(
                    "Photos, nicknames, guesses and points go; so do the class set and its model, unless the teacher "
                    "keeps them. Then it is counted what is left, and the teacher sees the count."
                )
            ),
        ),
    ),
)

REST = Part(
    Message(N_("Everything else")),
    (
        Promise(
            "code",
            Message(N_("The preview in Code")),
            Message(N_("Nothing new. A photo of yours comes back to your browser, which looks at it.")),
            Message(N_("Where it was before, and nowhere else.")),
        ),
        Promise(
            "download",
            Message(N_("Downloads of models and scripts")),
            Message(
                N_(
                    "Nothing of you. The computer that runs Discern asks for a file by its address, when somebody "
                    "presses the button or when it is first started."
                )
            ),
            Message(N_("The file, on its disk.")),
        ),
        Promise(
            "api",
            Message(N_("Programs that ask: the API, also as Hugging Face or Open Inference has it")),
            Message(N_("The photos of the request, to the computer that runs Discern.")),
            _WHILE_ASKED,
            seen=Message(N_("Only the program that asks.")),
        ),
        Promise(
            "logs",
            Message(N_("What the computer writes down and counts")),
            Message(N_("Nothing more.")),
            Message(
                N_(
                    "How many photos which model was shown, what came of them and how long it took. No photo, no name "
                    "of a file, and not who asked."
                )
            ),
            seen=Message(N_("Whoever can open Discern can read the counts.")),
        ),
        Promise(
            "class",
            Message(N_("In a class")),
            Message(
                N_("The same, to the teacher's computer, and encrypted: others in the room's Wi-Fi cannot read it.")
            ),
            Message(N_("As said above.")),
            seen=Message(
                N_(
                    "Outside of a room the teacher sees how many are here and how much they hold, and no photo of "
                    "another device. Each device sees its own photos."
                )
            ),
            end=Message(N_("The teacher can have everybody's photos in memory forgotten at once, on the page Join.")),
        ),
        Promise(
            "browser",
            Message(N_("What your browser keeps")),
            Message(N_("Nothing more.")),
            Message(N_("In the browser: the addresses of your projects, and the key to the photos of this tab.")),
            Message(N_("The key until you close the tab. The addresses until you delete your data.")),
            Message(N_("Whoever uses the same browser after you can open your projects.")),
            Message(N_("On a computer that others use too, press “Delete my data” when you have finished.")),
        ),
    ),
)

PARTS = (CLASSIFY, TRAIN, ROOM, REST)
