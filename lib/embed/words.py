"""The sentences of the snippets, with their gaps left open for the snippets to fill."""

import string
from collections.abc import Mapping

from lib.i18n import Translator
from lib.messages import N_, SEPARATOR
from lib.model.spec import Novelty
from lib.verdict import score_text, unfamiliar_text

# The verdicts are those of `lib.verdict.explain`, the faults those of `lib.classify.outputs`, word for word.
VERDICTS = {
    "clear": N_("{label}, {percent}"),
    "clearOfMany": N_("{label}, {percent} (high, given {classes} classes to choose from)"),
    "close": N_("Too close to call: {names}"),
    "weak": N_("Not sure: {label} leads, but with only {percent}"),
    "none": N_("No class stands out: {names}"),
    "separator": SEPARATOR,
    "more": N_("{names} and {n} more"),
}
# Where the classes of a model have everyday groups; `lib.verdict.explain_group` and `explain_kind`.
GROUPS = {
    "groupAndKind": N_("{group} {kind}"),
    "group": N_("Most likely {group}, {percent}."),
    "kindClose": N_("Too close to say which kind: {names}."),
    "kindWeak": N_("Not sure which kind: {label} leads, but with only {percent}."),
    "kindNone": N_("No kind stands out: {names}."),
}
FAULTS = {
    "notFinite": N_("The model's output contains infinite or invalid numbers (NaN). Its file may be damaged."),
    "wrongNumber": N_("The model gave {found} numbers, but its description says {expected}."),
    "negative": N_("The model gave a negative probability. Its description may name the wrong activation."),
    "notShares": N_(
        "The model's numbers do not add up to 1, so they are not probabilities. Its description may name the "
        "wrong activation."
    ),
    "onlyZeros": N_("The model gave only zeros. Its file may be damaged."),
}
PAGE = {
    "loading": N_("Loading the model …"),
    "looking": N_("Classifying the photo …"),
    "retry": N_("Try again"),
    "classes": N_("The most likely classes"),
    "notPhoto": N_("{file} is not a photo that this browser can read."),
    "openedAsFile": N_(
        "Opened as a file, this page cannot load its model. In its folder, run “python -m http.server 8000” and open "
        "http://127.0.0.1:8000."
    ),
    "scriptFailed": N_("A script could not be loaded or was changed ({reason}). Reload the page to try again."),
    "downloadFailed": N_("The model could not be loaded from {address}: {reason}"),
}
INPUTS = {
    "chooseFirst": N_("Choose a photo to begin."),
    "choose": N_("Photo"),
    "startFirst": N_("Start the camera to begin."),
    "camera": N_("Camera picture"),
    "start": N_("Start the camera"),
    "cameraOn": N_("The camera is on."),
    "take": N_("Classify this picture"),
    "stop": N_("Stop the camera"),
    "cameraFailed": N_("The camera could not be used: {reason}"),
    "cameraNeedsHttps": N_("The camera can be used only on pages that come over https or from this computer."),
    "pressFirst": N_("Press the button to begin."),
    "photo": N_("Photo"),
    "classify": N_("Classify this photo"),
}
_IDLE = {"file": "chooseFirst", "camera": "pressFirst", "img": "pressFirst"}
LITERT = {"notModel": N_("the downloaded file is not a LiteRT model")}


def translate(sentences: Mapping[str, str], say: Translator) -> dict[str, str]:
    """Return the sentences in a language, their gaps still open."""
    return {name: say(text, **{gap: f"{{{gap}}}" for gap in _gaps(text)}) for name, text in sentences.items()}


def unfamiliar(novelty: Novelty | None, say: Translator) -> dict[str, str]:
    """Return what is said of an unfamiliar photo, its gaps still open: {label}, {score} and {needed}; {} of none."""
    if novelty is None:
        return {}
    text, number = unfamiliar_text(is_hint=novelty.hint), score_text(novelty.method)
    return {"unfamiliar": say(text, label="{label}", number=say(number, score="{score}", needed="{needed}"))}


def shown(given: str) -> dict[str, str]:
    """Return the sentences that short code has in itself, for one way of taking photos; the first is `idle`."""
    return {"idle": INPUTS[_IDLE[given]], **VERDICTS, **PAGE, **INPUTS}


def _gaps(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}
