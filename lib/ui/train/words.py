"""What the script of the page Train says, by short names; `{gaps}` are filled by the script."""

from lib.i18n import Translator


def said(t: Translator) -> dict[str, str]:
    """Return the words in the visitor's language."""
    return {
        "title": t("Train a model of your own"),
        "collect": t("Collect"),
        "watch": t("Watch it learn"),
        "good": t("Is it any good?"),
        "className": t("Class {n}", n="{n}"),
        "another": t("Another class"),
        "shoot": t("Hold to shoot"),
        "add": t("Add"),
        "count-none": t("no photos yet"),
        "camera": t("Start the camera"),
        "tryPhoto": t("Try a photo"),
        "within": t("Every new photo changes the model within a second."),
        "begin": t(
            "Give each class a name and some photos: ten are a good start. Then you see here how often it is right."
        ),
    }
