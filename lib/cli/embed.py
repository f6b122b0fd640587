"""The command `embed`."""

import argparse
import io
import sys
from pathlib import Path

from lib.catalogue.store import DEFAULT_ID, Store
from lib.classify.infer import TOP
from lib.cli.terminal import (
    ALL_WELL,
    add_thresholds,
    add_whole_photo,
    default_model,
    download_progress,
    note,
    open_folders,
    put,
    writing,
)
from lib.embed import (
    MOBILENETS,
    Engine,
    Input,
    Options,
    Snippet,
    Target,
    TfjsMobilenet,
    Weights,
    companions,
    render,
    tfjs_model,
)
from lib.embed.options import PAGES
from lib.errors import UsageError
from lib.i18n import Translator
from lib.messages import N_
from lib.model.spec import ModelFolder
from lib.verdict import Thresholds
from lib.work.files import data_folder, size_words


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `embed` to `parser`, and `run`."""
    parser.add_argument(
        "id",
        nargs="?",
        metavar="ID",
        help=f"a model that is ready (default {DEFAULT_ID}), or one that TF.js brings: {', '.join(MOBILENETS)}",
    )
    parser.add_argument("--target", choices=[*Target], required=True, help="what the code is for")
    parser.add_argument(
        "--out",
        type=Path,
        metavar="PATH",
        help="folder to write all files to, the model's own included, or file for code that is one file, or, with "
        "--weights bundle, the zip to make; else the main file is printed",
    )
    parser.add_argument(
        "--complete", action="store_true", help="all in one file, without discern.js and model.json beside it"
    )
    parser.add_argument(
        "--single",
        action="store_true",
        help="with --out FILE.html: one page with scripts and model in it, which opens by double-click",
    )
    parser.add_argument(
        "--engine",
        choices=[*Engine],
        help="tfjs: the MobileNet of TF.js that is like this model; else LiteRT runs the model itself",
    )
    parser.add_argument("--top", type=int, default=TOP, metavar="N", help=f"classes to list (default {TOP})")
    add_thresholds(parser)
    add_whole_photo(parser)
    parser.add_argument(
        "--input", choices=[*Input], default=Input.FILE, help="where a web page takes photos from (default file)"
    )
    parser.add_argument(
        "--weights",
        choices=[*Weights],
        help="where a web page takes the model from: the usual place (default), your own address, or, like the "
        "scripts, the folder of the page",
    )
    parser.add_argument(
        "--address",
        default="",
        metavar="URL",
        help="of the model's file, or of its folder, ending in /; means --weights address",
    )
    parser.add_argument(
        "--tfjs-files",
        type=Path,
        metavar="FOLDER",
        help="with --weights bundle and TF.js: where model.json and the files beside it are",
    )
    parser.set_defaults(run=run_embed)


def run_embed(arguments: argparse.Namespace, say: Translator) -> int:
    """Print the code or write the files, say what to know about them, and return the exit code."""
    weights = arguments.weights or (Weights.ADDRESS if arguments.address else Weights.DEFAULT)
    options = Options(
        _model(arguments, say),
        Target(arguments.target),
        language=say.language,
        top=arguments.top,
        thresholds=Thresholds(arguments.ratio, arguments.floor),
        input=Input(arguments.input),
        weights=Weights(weights),
        address=arguments.address,
        complete=arguments.complete,
    )
    if arguments.single:
        return _write_single(options, arguments.out, say)
    snippet = render(options)
    if arguments.out is None:
        _print(snippet.code)
    elif options.weights is Weights.BUNDLE:
        _pack(options, arguments.out, arguments.tfjs_files, say)
    else:
        for file in _write(snippet, options, arguments.out):
            put(say(N_("Saved: {file}"), file=file))
    for message in snippet.notes:
        note(say.message(message))
    return ALL_WELL


def _write_single(options: Options, out: Path | None, say: Translator) -> int:
    """Write the page that opens by double-click.

    Raises:
        UsageError: `out` is no page, or there is no such page for these options.
        DownloadError: The scripts could not be fetched.
    """
    from lib.embed import single
    from lib.embed.scripts import Scripts

    if out is None or out.suffix.lower() not in (".html", ".htm"):
        raise UsageError(N_("One file that opens by double-click needs --out and a name that ends in .html."))
    with download_progress("npm", say) as on_progress:
        page = single.make(options, Scripts(data_folder()), on_progress=on_progress)
    put(say(N_("Saved: {file} ({size})"), file=_write_file(out, page), size=size_words(len(page))))
    return ALL_WELL


def _pack(options: Options, out: Path, tfjs_files: Path | None, say: Translator) -> None:
    """Make the offline bundle.

    Raises:
        UsageError: `out` is no zip, or the files of a TF.js model are missing.
        DownloadError: The scripts could not be fetched, or the bundle not be written.
    """
    from lib.embed import bundle
    from lib.embed.scripts import Scripts

    if out.suffix.lower() != ".zip":
        raise UsageError(N_("The offline bundle is a zip file. Choose a name that ends in .zip, not {file}."), file=out)
    with download_progress("npm", say) as on_progress:
        made = bundle.make(options, Scripts(data_folder()), out, graph=tfjs_files, on_progress=on_progress)
    megabytes, unpacked = (f"{size / 1e6:.1f}" for size in (made.bytes, made.unpacked_bytes))
    told = N_("Saved: {file} ({megabytes} MB, unpacked {unpacked} MB)")
    put(say(told, file=out, megabytes=megabytes, unpacked=unpacked))


def _print(code: str) -> None:
    """Print code as UTF-8, which its files are, whatever the terminal's encoding."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")
    sys.stdout.write(code)


def _model(arguments: argparse.Namespace, say: Translator) -> ModelFolder | TfjsMobilenet:
    """Return the model that is meant.

    Raises:
        UsageError: The engine has no such model.
    """
    store = Store()
    model_id, engine = arguments.id or default_model(store, say), arguments.engine
    if engine == Engine.TFJS or (engine is None and model_id in MOBILENETS):
        return tfjs_model(model_id)
    (folder,) = open_folders(store, [model_id], say, whole_photo=arguments.whole_photo)
    return folder


def _write(snippet: Snippet, options: Options, out: Path) -> list[Path]:
    """Write the files and return where they are.

    Raises:
        UsageError: They cannot be written, or `out` is a file and there are several.
    """
    folder, files = out, {name: text.encode() for name, text in snippet.files.items()}
    if out.suffix[1:].isalpha() and not out.is_dir():  # `my-v1.0` is a folder, as many ids of models are
        if len(files) > 1 and options.target not in PAGES:
            text = N_("{file} is a file, but the code for {target} needs a folder.")
            raise UsageError(text, file=out, target=options.target)
        folder, files = out.parent, {out.name: files.pop(snippet.main), **files}
    if len(files) > 1 or folder == out:
        files |= companions(options)
    return [_write_file(folder / name, content) for name, content in files.items()]


def _write_file(path: Path, content: bytes) -> Path:
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return path
