"""What the script of the page Train says, by short names; `{gaps}` are filled by the script."""

from lib.i18n import Translator
from lib.projects.limits import DAY_S, UNUSED_S


def said(t: Translator) -> dict[str, str]:
    """Return the words in the visitor's language."""
    return {
        "title": t("Train a model of your own"),
        "collect": t("Collect"),
        "watch": t("Watch it learn"),
        "good": t("Is it any good?"),
        **_classes(t),
        **_live(t),
        **_project(t),
        **_keeps(t),
        "begin": t(
            "Give each class a name and some photos: ten are a good start. Then you see here how often it is right."
        ),
        "looks": t("How it looks at your photos"),
        "backbone": t("Which network it borrows its eyes from"),
        "look": t("Parts of the photo"),
        "pooling": t("Place matters"),
        "mirror": t("Mirrored photos too"),
        "byTest": t("Decide by test"),
        "whole": t("The whole photo"),
        "square": t("The middle square"),
        "yes": t("Yes"),
        "no": t("No"),
        "yes2": t("Yes (2 × 2)"),
        "no1": t("No (1 × 1)"),
        "modelName": t("Name of the model"),
        "make": t("Make the model"),
        "renew": t("Renew the model"),
        "use": t("Try it in Classify"),
        "away": t("Take it away"),
    }


def _classes(t: Translator) -> dict[str, str]:
    return {
        "className": t("Class {n}", n="{n}"),
        "nameOf": t("Name of the class"),
        "another": t("Another class"),
        "removeClass": t("Remove the class {label}", label="{label}"),
        "classRemoved": t("{label} was removed.", label="{label}"),
        "shoot": t("Hold to shoot"),
        "shootFor": t("Hold to shoot: {label}", label="{label}"),
        "add": t("Add"),
        "addFor": t("Add: {label}", label="{label}"),
        "allOf": t("All photos: {label}", label="{label}"),
        "photos": t("Photos"),
        "folder": t("Folder"),
        "zip": t("Zip file"),
        "folders": t("Folders as classes"),
        "foldersHelp": t("Each folder becomes a class of its name. You can also drop folders anywhere on this page."),
        "sets": t("Practice photos"),
        "count-none": t("no photos yet"),
        "one": t("1 photo"),
        "count": t("{n} photos", n="{n}"),
        "chosen": t("{n} chosen", n="{n}"),
        "sending": t("{n} photos are still on their way", n="{n}"),
        "aside": t("Set aside: {n}", n="{n}"),
        "out": t("Set aside"),
        "putBack": t("Put back"),
        "remove": t("Remove"),
        "moveTo": t("Move to"),
        "takenOut": t("Taken out: {n}", n="{n}"),
        "moved": t("Moved: {n}", n="{n}"),
        "undo": t("Undo"),
        "close": t("Close"),
        "failed": t("That did not work because of an error in the app."),
        "lost": t("The computer that runs Discern does not answer. Trying again …"),
    }


def _live(t: Translator) -> dict[str, str]:
    return {
        "camera": t("Start the camera"),
        "stop": t("Stop the camera"),
        "turn": t("The other camera"),
        "live": t("live"),
        "tryPhoto": t("Try a photo"),
        "near": t("It reminds me of"),
        "device": t("Your device looks by itself: the picture stays on it, only numbers made of it are sent."),
        "server": t("The computer that runs Discern looks at the picture. It keeps none."),
        "within": t("Every new photo changes the model within a second."),
        "noCamera": t("The camera could not be used: {reason}", reason="{reason}"),
        "insecure": t(
            "The camera works only where the address begins with https:// or localhost. You can add photos instead."
        ),
    }


def _keeps(t: Translator) -> dict[str, str]:
    days = round(UNUSED_S / DAY_S)
    return {
        "where": t("Where do my photos go?"),
        "keepsPhotos": t(
            "Photos are kept on the computer that runs Discern, until you delete them or nobody has opened this "
            "project for {days} days.",
            days=days,
        ),
        "keepsNumbers": t("Only numbers are kept: each photo is deleted as soon as they are made from it."),
        "toDrop": t("Photos that are not deleted yet: {n}.", n="{n}"),
        "keepNumbers": t("Keep numbers only"),
        "keepPhotos": t("Keep photos"),
        "sure": t("Delete the photos?"),
        "sureGone": t("Photos that are deleted for good: {n}. What was learned from them stays.", n="{n}"),
        "sureNot": t(
            "Without photos nobody can look at them or check them, another network cannot learn from them, and nothing "
            "can be trained from scratch. All else goes on."
        ),
        "sureYes": t("Delete the photos"),
        "cancel": t("Cancel"),
        "allNumbers": t("Numbers that are kept: {label}", label="{label}"),
        "numbersOf": t("{name}: the numbers made of it", name="{name}"),
        "numbers": t("Numbers made of a photo"),
    }


def _project(t: Translator) -> dict[str, str]:
    return {
        "project": t("Project"),
        "link": t("Continue on another device"),
        "copied": t("The link is copied."),
        "linkHelp": t("Open this link there. Whoever has it can see and change these photos."),
        "save": t("Save the project"),
        "open": t("Open a project file"),
        "opening": t("Opening the project …"),
        "new": t("New project"),
        "untitled": t("Earlier project"),
        "delete": t("Delete my data"),
        "byLink": t("You opened a project by its link. Whoever has the link sees the photos that you add."),
        "gone": t(
            "This project is not here any more: it was deleted, or nobody used it for {days} days. A new one begins.",
            days=round(UNUSED_S / DAY_S),
        ),
    }
