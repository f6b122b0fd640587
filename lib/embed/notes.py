"""What to know about the code: what it does, and what to watch."""

from collections.abc import Iterator

from lib.embed.mobilenets import INPUT, TfjsMobilenet
from lib.embed.options import DESCRIPTION, LIBRARY, MODEL_FILE, PAGES, WEB, Engine, Input, Options, Target, Weights
from lib.formats.tables import read_ends
from lib.messages import N_, Message
from lib.model.spec import ModelFolder


def steps(options: Options) -> tuple[Message, ...]:
    """Return what to do with the code, in three steps."""
    match options.target:
        case Target.SCRIPT | Target.MODULE:
            return (
                Message(N_("Download the files and put them in one folder of your web server.")),
                Message(N_("Open {page} over http:// or https://."), {"page": "index.html"}),
                Message(N_("Copy the code into a page of your own in that folder.")),
            )
        case Target.NPM | Target.VUE | Target.REACT | Target.SVELTE:
            return (
                Message(N_("Download the files and unpack them.")),
                Message(N_("In that folder, run “npm install”, then “npm run dev”.")),
                Message(N_("Open the address that it shows. “npm run build” makes the page for your server.")),
            )
        case Target.PYTHON_LITERT | Target.PYTHON_KERAS:
            return (
                Message(N_("Download the files and unpack them.")),
                Message(N_("Install the packages that the first lines of the file name.")),
                Message(N_("Run “python {file} photo.jpg”."), {"file": "classify.py"}),
            )
        case _:
            return (
                Message(N_("Download the files and put the model and the labels into your app.")),
                Message(N_("Add the package that the first lines of the file name.")),
                Message(N_("Copy the code and call “classify” with a photo.")),
            )


def notes_on(options: Options) -> tuple[Message, ...]:
    """Return what to know about the code for `options`, one sentence or two each.

    Raises:
        ModelFileError: The model's file cannot be read.
    """
    return tuple(_web(options) if options.target in WEB else _native(options))


def _web(options: Options) -> Iterator[Message]:
    if not options.complete:
        yield Message(
            N_("{library} contains all the code, for any model. {description} contains what belongs to this model."),
            {"library": LIBRARY, "description": DESCRIPTION},
        )
    yield Message(N_("The model loads once, with the first photo. If loading fails, you can try again."))
    yield from _engine(options)
    yield from _weights(options)
    if options.target in PAGES and options.weights is not Weights.BUNDLE:
        yield Message(
            N_(
                "Scripts are loaded from {host} in fixed versions. The browser refuses any script whose "
                "content has changed (SRI)."
            ),
            {"host": "cdn.jsdelivr.net"},
        )
    if options.target in PAGES:
        yield Message(N_("Open the page over http or https: a page opened as a file (file://) may not load the model."))
    yield from _input(options)


def _engine(options: Options) -> Iterator[Message]:
    if options.engine is Engine.TFJS:
        yield Message(
            N_(
                "TF.js runs the MobileNets that its package knows: float models of 224 × 224 pixels with 1000 English "
                "labels. Their weights are not those of this app's models, so the answers differ."
            )
        )
        yield Message(
            N_(
                "The package takes only graph models with 1001 logits. For any other model, choose one of the "
                "app's own."
            )
        )
        return
    yield Message(
        N_(
            "LiteRT.js runs the same file as this app and resizes photos the same way. Results differ only "
            "by rounding, or slightly more if the browser decodes a large JPEG differently."
        )
    )
    assert isinstance(options.model, ModelFolder)
    ends = read_ends(options.model)
    if "int8" in (ends.input.dtype, ends.output.dtype):
        yield Message(
            N_(
                "{file} uses int8 numbers, so LiteRT.js cannot run it. Use the file that comes with this "
                "code. It has uint8 instead and gives the same answers."
            ),
            {"file": MODEL_FILE},
        )
    if ends.is_open:
        yield Message(
            N_("{file} has no fixed batch size, so LiteRT.js cannot run it. Use the file that comes with this code."),
            {"file": MODEL_FILE},
        )


def _weights(options: Options) -> Iterator[Message]:
    match options.weights:
        case Weights.ADDRESS:
            yield Message(
                N_(
                    "If the model is on another server than the page, that server must send the CORS header "
                    "Access-Control-Allow-Origin."
                )
            )
        case Weights.BUNDLE:
            yield Message(N_("Scripts and model are next to the page, so it needs no internet."))
        case _ if isinstance(options.model, TfjsMobilenet):
            yield Message(
                N_(
                    "The model comes from the package's own host ({host}), which has failed before. Your own "
                    "copy is safer. The model takes colour values from {low} to {high}."
                ),
                {"host": "tfhub.dev", "low": f"{INPUT.range[0]:g}", "high": f"{INPUT.range[1]:g}"},
            )
        case _:
            place = N_("Put {file} beside the page.") if options.target in PAGES else N_("Put {file} in public/.")
            yield Message(place, {"file": MODEL_FILE})


def _input(options: Options) -> Iterator[Message]:
    if options.input is Input.CAMERA:
        yield Message(N_("Browsers allow the camera only on pages that come over https or from this computer."))
    elif options.input is Input.IMG:
        yield Message(
            N_("An image from another site must be served with CORS headers. Otherwise the browser hides its pixels.")
        )


def _native(options: Options) -> Iterator[Message]:
    if options.target is Target.PYTHON_KERAS and isinstance(options.model, TfjsMobilenet):
        yield Message(
            N_(
                "Keras downloads its own weights for this MobileNet. They are not those of TF.js, so the "
                "answers differ."
            )
        )
    if options.novelty is None and isinstance(options.model, ModelFolder) and options.model.spec.novelty is not None:
        yield Message(N_("Code for Keras cannot tell when a photo is unfamiliar; code for LiteRT can."))
    if options.target in (Target.PYTHON_LITERT, Target.PYTHON_KERAS):
        yield Message(N_("Photos are opened, resized and judged as in this app."))
        return
    assert isinstance(options.model, ModelFolder)
    yield Message(N_("Put {file} and labels.txt into the app."), {"file": MODEL_FILE})
    yield Message(N_("This code was written from the published documentation and has not been run on a device."))
    yield Message(
        N_(
            "Photos are resized by the device's own filter. Probabilities may differ from those here by a few "
            "percentage points."
        )
    )
