"""The offline bundle: a zip of a page, its scripts, the model and the licences, which works without internet."""

import json
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lib.embed import packages, web
from lib.embed.options import MODEL_FILE, TFJS_FILE, Options, Weights
from lib.embed.packages import PackageFile, pins
from lib.embed.scripts import Scripts
from lib.embed.snippet import render
from lib.errors import ModelFileError, UsageError
from lib.face.names import short_names
from lib.i18n import Translator
from lib.messages import N_
from lib.model.spec import ModelFolder, reading
from lib.work.files import disk_error, whole
from lib.work.progress import OnProgress

LICENCES = Path(__file__).with_name("licences")
APACHE = Path(__file__).resolve().parents[2] / "LICENSE"  # this program's own, word for word that of the packages
PORT = 8000  # where `python -m http.server` serves
LOGITS = 1001
_MODEL_FOLDER = "model/"
_MAX_GRAPH_BYTES = 2**30
# The same files give the same bytes, whenever they are packed.
_TIME = (2020, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle on this disk.

    Attributes:
        path: The zip.
        bytes: Its size.
        unpacked_bytes: Of all files in it.
    """

    path: Path
    bytes: int
    unpacked_bytes: int


def files_needed(options: Options) -> tuple[PackageFile, ...]:
    """Return the packages' files that a bundle for `options` holds."""
    if isinstance(options.model, ModelFolder):
        return packages.LITERT_FILES
    return packages.TFJS_FILES


def make(
    options: Options,
    scripts: Scripts,
    target: Path,
    *,
    graph: Path | None = None,
    on_progress: OnProgress = lambda progress: None,
    cancelled: threading.Event | None = None,
) -> Bundle:
    """Fetch what is missing, and write the bundle to `target`, whole or not at all.

    Args:
        options: What the page should be; its weights are those of the bundle.
        scripts: Where the packages' files are kept.
        target: The zip; replaced if there.
        graph: For a model that TF.js brings: the folder with its `model.json` and the files that names. No digest of
            them was ever published, so they are the user's own; nothing fetches them.
        on_progress: Told how far the download of the scripts has come.
        cancelled: When set, the download stops with `Cancelled`.

    Raises:
        UsageError: `options` is not for a bundle, or the model's files are missing.
        ModelFileError: The model's files are damaged.
        DownloadError: A script could not be fetched, or the bundle not be written.
    """
    if options.weights is not Weights.BUNDLE:
        raise UsageError(N_("For the offline bundle, set the weights to “bundle”."))
    page = render(options).files
    model = dict(_model_files(options, graph))
    needed = files_needed(options)
    scripts.fetch(needed, on_progress=on_progress, cancelled=cancelled)
    content: dict[str, bytes | Path] = {
        **{name: text.encode() for name, text in page.items()},
        **{web.BUNDLE + file.place: scripts.path(file) for file in needed},
        **model,
        **licences(options, needed),
        "README.txt": _readme(options).encode(),
    }
    try:
        return _write(content, target)
    except OSError as error:
        raise disk_error(error, target.name) from error


def _model_files(options: Options, graph: Path | None) -> Iterator[tuple[str, bytes | Path]]:
    """Yield the model's files, by their names in the bundle."""
    if isinstance(options.model, ModelFolder):
        folder = options.model
        yield MODEL_FILE, web.weights_file(folder)
        yield "labels.txt", ("\n".join(short_names(folder.read_labels(options.language))) + "\n").encode()
    elif graph is None:
        raise UsageError(
            N_(
                "A bundle with {model} needs its TF.js files. Give the folder that contains {file} and the "
                "files next to it, or choose one of the app's own models."
            ),
            model=options.model.id,
            file=TFJS_FILE,
        )
    else:
        for name in (TFJS_FILE, *_shards(graph)):
            yield _MODEL_FOLDER + name, graph / name


def _shards(graph: Path) -> list[str]:
    """Return the names of the weights' files beside `model.json`, after checking that it is what the page can load."""
    try:
        with reading(str(graph / TFJS_FILE)):
            table = json.loads((graph / TFJS_FILE).read_text(encoding="utf-8"))
        names = [str(name) for group in table["weightsManifest"] for name in group["paths"]]
        is_graph = table["format"] == "graph-model"
        outputs = _outputs(table)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelFileError(N_("{file} does not describe a TF.js model."), file=graph / TFJS_FILE) from error
    if not is_graph or outputs not in (None, LOGITS):
        raise ModelFileError(
            N_("{file} is not a TF.js graph model with {expected} logits. The MobileNet package loads only this kind."),
            file=graph / TFJS_FILE,
            expected=LOGITS,
        )
    for name in names:
        if Path(name).name != name or "\\" in name or not (graph / name).is_file():
            raise ModelFileError(
                N_("{file} refers to {part}, but that file is not next to it."), file=TFJS_FILE, part=name
            )
    if sum((graph / name).stat().st_size for name in names) > _MAX_GRAPH_BYTES:
        raise ModelFileError(N_("The files of {file} are too large for a web page."), file=graph / TFJS_FILE)
    return names


def _outputs(table: dict[str, Any]) -> int | None:
    """Return how many numbers the only output has, or None where the file does not say."""
    outputs = list((table.get("signature") or {}).get("outputs", {}).values())
    sizes = outputs[0].get("tensorShape", {}).get("dim", []) if len(outputs) == 1 else []
    return int(sizes[-1]["size"]) if sizes else None


def licences(
    options: Options, needed: tuple[PackageFile, ...], pages: str = "index.html, discern.js"
) -> dict[str, bytes | Path]:
    """Return the licences' texts, and the list of whose work is in the bundle under which of them.

    Args:
        options: What the page should be.
        needed: The packages' files in it.
        pages: What else of this program.
    """
    used = [pins()[name] for name in dict.fromkeys(file.package for file in needed)]
    lines = [f"{package.name} {package.version}: {package.licence}. {package.copyright}." for package in used]
    if isinstance(options.model, ModelFolder):
        spec = options.model.spec
        lines.append(f"{MODEL_FILE} ({spec.name}): {spec.licence}")
    else:
        lines.append(f"{_MODEL_FOLDER}{TFJS_FILE} ({options.model.name}): as its makers say; Google's are Apache-2.0.")
    lines.append(f"{pages}: Apache-2.0. Discern.")
    texts = [APACHE, *([LICENCES / "MIT.txt"] if options.engine == "tfjs" else [])]
    return {
        "licences/LICENCES.txt": ("\n".join(lines) + "\n").encode(),
        **{f"licences/{'Apache-2.0.txt' if text == APACHE else text.name}": text for text in texts},
    }


def _readme(options: Options) -> str:
    """Return the two lines that say how to serve the page."""
    say = Translator(options.language)
    return (
        say(N_("Unpack, and serve this folder with any web server. Opened as a file, the page cannot read its model:"))
        + "\n"
        + say(
            N_("python -m http.server {port} --bind 127.0.0.1, then open {address}. No internet is needed."),
            port=PORT,
            address=f"http://127.0.0.1:{PORT}/",
        )
        + "\n"
    )


def _write(content: dict[str, bytes | Path], target: Path) -> Bundle:
    target.parent.mkdir(parents=True, exist_ok=True)
    unpacked = 0
    with whole(target) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as archive:
        for inner, source in content.items():
            data = source.read_bytes() if isinstance(source, Path) else source
            unpacked += len(data)
            entry = zipfile.ZipInfo(inner, _TIME)
            entry.external_attr = 0o644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, data)
    return Bundle(target, target.stat().st_size, unpacked)
