"""Options → files of code, and what to know about them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from lib.classify.outputs import require_a_choice
from lib.embed import native, web
from lib.embed.mobilenets import TfjsMobilenet
from lib.embed.notes import notes_on
from lib.embed.options import KERAS_FILE, MODEL_FILE, PAGES, WEB, Options, Target, Weights
from lib.messages import Message
from lib.model.spec import ModelFolder, reading


@dataclass(frozen=True, slots=True)
class Snippet:
    """Code that runs a model elsewhere.

    Attributes:
        files: Their names, with folders, and their text. Beside them only packages are needed, and the model's file.
        main: Name of the file that matters most.
        notes: What it does and what to watch.
        language: Of the main file, for highlighting.
    """

    files: Mapping[str, str]
    main: str
    notes: tuple[Message, ...]
    language: str

    @property
    def code(self) -> str:
        """Return the main file."""
        return self.files[self.main]


# Which file matters most, and what highlights it.
_MAIN = {
    Target.SCRIPT: ("index.html", "html"),
    Target.MODULE: ("index.html", "html"),
    Target.NPM: ("src/main.js", "javascript"),
    Target.VUE: ("src/Discern.vue", "html"),
    Target.REACT: ("src/Discern.jsx", "jsx"),
    Target.SVELTE: ("src/Discern.svelte", "html"),
    Target.PYTHON_LITERT: ("classify.py", "python"),
    Target.PYTHON_KERAS: ("classify.py", "python"),
    Target.ANDROID: ("Discern.kt", "kotlin"),
    Target.IOS: ("Discern.swift", "swift"),
}


def render(options: Options) -> Snippet:
    """Write the code.

    Raises:
        UsageError: There is no such code for this model.
        ModelFileError: The model's file is missing, damaged, or has other inputs or outputs than code can serve.
        ModelOutputError: The model has one class.
    """
    if isinstance(options.model, ModelFolder):
        require_a_choice(options.model.spec.output)
    write: Callable[[Options], dict[str, str]] = web.files if options.target in WEB else native.files
    main, language = _MAIN[options.target]
    files = write(options)
    return Snippet(files, web.PLAIN if web.PLAIN in files else main, notes_on(options), language)


def companions(options: Options) -> dict[str, bytes]:
    """Return the files that lie beside the code and are none: the model's own, where the code expects it.

    Empty for a model that comes from elsewhere.

    Raises:
        ModelFileError: It cannot be read.
    """
    if isinstance(options.model, TfjsMobilenet) or options.weights is Weights.ADDRESS:
        return {}
    if options.target is Target.PYTHON_KERAS:
        source = native.keras_source(options.model)
        if not isinstance(source, Path):
            return {}
        with reading(source.name):
            return {KERAS_FILE: source.read_bytes()}
    if options.target not in WEB:
        return {MODEL_FILE: native.weights_file(options.model)}
    folder = "" if options.target in PAGES else "public/"
    return {folder + MODEL_FILE: web.weights_file(options.model)}
