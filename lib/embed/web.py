"""Web pages: short code beside discern.js and model.json, or all that it needs in one file."""

import base64
import gzip
import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from lib.classify.infer import least_side
from lib.classify.outputs import sum_slack
from lib.embed import mobilenets, packages, words
from lib.embed.escaping import js, read, render
from lib.embed.familiar import scoring
from lib.embed.groups import group_spans
from lib.embed.mobilenets import TfjsMobilenet
from lib.embed.options import DESCRIPTION, LIBRARY, PAGES, Engine, Input, Options, Target, Weights
from lib.embed.packages import PackageFile
from lib.embed.shaking import joined, shaken
from lib.face.names import short_names
from lib.formats.edit import for_browsers, unsigned
from lib.formats.tables import Ends, Tensor, ends_of
from lib.formats.unbelieved import once_per_content
from lib.i18n import Translator
from lib.model.spec import ModelFolder, ModelSpec
from lib.verdict import DIGITS, default_floor

BUNDLE = "npm/"  # the folder of packages beside a page that needs no internet
PLAIN = "plain.html"
_EXPORTS = ("Classifier", "load", "startCamera")
_SOURCES = {
    Input.FILE: {"Blob": "fromFile"},
    Input.IMG: {"HTMLImageElement": "fromImage"},
    Input.CAMERA: {"HTMLVideoElement": "fromVideo"},
}
_EVERY_SOURCE = {kind: name for sources in _SOURCES.values() for kind, name in sources.items()}
_CONTROLS = {Input.FILE: "fileControls", Input.CAMERA: "cameraControls", Input.IMG: "imageControls"}
_COMPONENTS = {
    Target.NPM: ("main.js", "main.js"),
    Target.VUE: ("Discern.vue", "main.js"),
    Target.REACT: ("Discern.jsx", "main.jsx"),
    Target.SVELTE: ("Discern.svelte", "main.js"),
}

Facts = dict[str, Any]  # about a model, as the code has them


def files(options: Options) -> dict[str, str]:
    """Return the files of a web target.

    Raises:
        ModelFileError: See `render`.
    """
    return _page(options) if options.target in PAGES else _project(options)


def weights_file(folder: ModelFolder) -> bytes:
    """Return the model's file as the code expects it: as LiteRT.js takes it; with a score if it can tell.

    Raises:
        ModelFileError: It cannot be read.
    """
    return scoring(folder, for_browsers(folder.read_weights(), folder.spec.input.size_wh, folder.spec.weights))


@cache
def library(engine: Engine, *, is_built: bool = False) -> str:
    """Return discern.js: all that runs a model in a browser and says what it sees, whatever the model.

    Args:
        engine: What runs the model.
        is_built: For a project whose packages Vite finds; else they come from the address in the model's description.
    """
    every = [*_modules(engine, _EVERY_SOURCE, is_built=is_built).values(), read("web/element.js")]
    return render("web/discern.js", code=joined(every, exports=_EXPORTS))


def digest(code: str) -> str:
    """Return what the attribute `integrity` says of code."""
    return f"sha256-{base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()}"


def description(options: Options) -> Facts:
    """Return what belongs to one model: where it is, what it takes and answers, when it is sure, and all sentences.

    Raises:
        ModelFileError: See `render`.
    """
    described = {**_model(options), "words": _sentences(options)}
    if options.target in PAGES:
        described["scripts"] = BUNDLE if options.weights is Weights.BUNDLE else packages.CDN
    return described


_read_ends = once_per_content(lambda content, file: ends_of(unsigned(content, file), file))


def _page(options: Options) -> dict[str, str]:
    """Return the files of the targets `script` and `module`."""
    short = {LIBRARY: library(options.engine), DESCRIPTION: f"{js(description(options))}\n"}
    page = _filled(f"web/short/{options.target}.html", options)
    if options.complete:
        return {"index.html": page}
    if isinstance(options.model, TfjsMobilenet) and _has_plain(options):
        return {PLAIN: _plain(options, options.model), "index.html": page, **short}
    return {"index.html": page, **short}


def _project(options: Options) -> dict[str, str]:
    """Return a project for Vite: `npm install`, `npm run dev` or `npm run build`."""
    component, main = _COMPONENTS[options.target]
    page = "npm" if options.target is Target.NPM else "app"
    files = {
        f"src/{component}": _filled(f"web/short/{component}", options),
        "index.html": _filled(f"web/short/{page}.html", options, main=main),
        "package.json": _package(options),
        "vite.config.js": read(f"web/vite-{options.target}.config.js"),
    }
    if main != component:
        files[f"src/{main}"] = read(f"web/{main.replace('main', f'main-{options.target}')}")
    if options.complete:
        return files
    return {
        **files,
        f"src/{LIBRARY}": library(options.engine, is_built=True),
        "src/discern.d.ts": read("web/discern.d.ts"),
        f"public/{DESCRIPTION}": f"{js(description(options))}\n",
    }


def _filled(template: str, options: Options, inputs: Iterable[Input] = (), **more: Any) -> str:
    """Return a template of short code for `options`, or, if it is to be complete, with all that it needs inside.

    Args:
        template: Its name.
        options: What the code should be.
        inputs: Where photos come from, if from more than one place.
        more: Further values that the template asks for.
    """
    sources = {kind: name for one in {options.input, *inputs} for kind, name in _SOURCES[one].items()}
    values = {
        "language": options.language,
        "name": options.model.name if isinstance(options.model, TfjsMobilenet) else options.model.spec.name,
        "input": options.input.value,
        "words": words.translate(words.shown(options.input.value), Translator(options.language)),
        "digest": digest(library(options.engine)),
        "controls": _CONTROLS[options.input],
        "complete": options.complete,
        **more,
    }
    shell = render(template, **values, code="")
    if not options.complete:
        return shell
    is_built = options.target not in PAGES
    code = shaken(_modules(options.engine, sources, is_built=is_built).values(), shell)
    used = {*re.findall(r"\bwords\.(\w+)", code + shell), *words.VERDICTS}
    described = description(options)
    described["words"] = {name: text for name, text in described["words"].items() if name in used}
    return render(template, **values, code=f"const description = {js(described)};\n\n{code}")


def _has_plain(options: Options) -> bool:
    chosen = (options.target, options.input, options.weights is Weights.BUNDLE)
    return chosen == (Target.SCRIPT, Input.FILE, False)


def single(options: Options, parts: Mapping[str, bytes], *, has_both: bool = False) -> str:
    """Return one page that opens by double-click.

    Args:
        options: A page for one of the app's own models.
        parts: The model's file, and the engine's by their places.
        has_both: Whether it takes photos from files and from the camera, whatever `options` say.
    """
    inputs = (Input.FILE, Input.CAMERA) if has_both else ()
    controls = "bothControls" if has_both else _CONTROLS[options.input]
    whole = replace(options, complete=True, weights=Weights.DEFAULT, address="")
    packed = {name: base64.b64encode(gzip.compress(content, 6, mtime=0)).decode() for name, content in parts.items()}
    return _filled("web/short/single.html", whole, inputs, parts=packed, has_both=has_both, controls=controls)


def _plain(options: Options, net: TfjsMobilenet) -> str:
    """Return a page in the shape of the example that the package publishes, with the verdict in a few lines."""
    tfjs, mobilenet = (
        {"address": packages.CDN + file.place, "integrity": file.integrity} for file in packages.TFJS_FILES
    )
    facts = _tfjs_model(options, net)
    return _filled(f"web/short/{PLAIN}", options, tfjs=tfjs, mobilenet=mobilenet, model=facts, **facts["thresholds"])


def _modules(engine: Engine, sources: Mapping[str, str], *, is_built: bool) -> dict[str, str]:
    """Return all modules but the element's, by name."""
    pairs = "\n".join(f"  [{kind}, {name}]," for kind, name in sources.items())
    return {
        **{name: read(f"web/{name}.js") for name in ("verdict", "tensor", "pixels", "camera", "photo")},
        "sources": render("web/sources.js", pairs=pairs, opened=", ".join(sources.values())),
        "runtime": _runtime(engine, is_built=is_built),
        "engine": read(f"web/{engine}.js"),
        "classifier": read("web/classifier.js"),
        "style": render("web/style.js", css=read("web/style.css")),
        "ui": read("web/ui.js"),
    }


def modules(engine: Engine) -> Iterator[tuple[str, str]]:
    """Yield the modules that discern.js is made of, as files that import each other."""
    for name, text in _modules(engine, _EVERY_SOURCE, is_built=False).items():
        yield f"{name}.js", text


def _runtime(engine: Engine, *, is_built: bool) -> str:
    """Return the module that says where the engine's own files are."""
    if is_built:
        return read(f"web/runtime-{engine}-npm.js")
    if engine is Engine.LITERT:
        named = {name: _pinned(file) for name, file in packages.LITERT_NAMED.items()}
        return render("web/runtime-litert-web.js", files=named)
    return render("web/runtime-tfjs-web.js", files=[_pinned(file) for file in packages.TFJS_FILES])


def _pinned(file: PackageFile) -> dict[str, str]:
    return {"place": file.place, "integrity": file.integrity}


def _sentences(options: Options) -> dict[str, str]:
    sentences = {
        **words.VERDICTS, **words.FAULTS, **words.PAGE, **words.INPUTS,
        **(words.GROUPS if group_spans(options) else {}),
        **(words.LITERT if options.engine is Engine.LITERT else {}),
    }  # fmt: skip
    say = Translator(options.language)
    return {**words.translate(sentences, say), **words.unfamiliar(options.novelty, say)}


def _model(options: Options) -> Facts:
    """Return the facts about the model that the code works with."""
    if isinstance(options.model, TfjsMobilenet):
        return _tfjs_model(options, options.model)
    spec, ends = options.model.spec, _read_ends(options.model)
    return {
        "name": spec.name,
        "weights": options.model_address,
        **_choices(options, spec.output.classes),
        "input": _input(spec, ends.input),
        "output": _output(spec, ends),
        "labels": list(short_names(options.model.read_labels(options.language))),
        **_groups(options),
        **_novelty(options),
    }


def _tfjs_model(options: Options, net: TfjsMobilenet) -> Facts:
    spec = mobilenets.INPUT
    width, height = spec.size_wh
    return {
        "name": net.name,
        "weights": options.model_address,
        "version": net.version,
        "alpha": net.alpha,
        "inputRange": list(spec.range),
        "classes": mobilenets.CLASSES,
        **_choices(options, mobilenets.CLASSES),
        "input": {
            "width": width,
            "height": height,
            "resize": spec.resize,
            "filter": spec.filter,
            "leastSide": least_side(spec),
        },
        **_groups(options),
        **_novelty(options),
    }


def _groups(options: Options) -> Facts:
    spans = group_spans(options)
    return {"groups": spans} if spans else {}


def _novelty(options: Options) -> Facts:
    novelty = options.novelty
    if novelty is None:
        return {}
    hint = {"hint": True} if novelty.hint else {}
    return {"novelty": {"threshold": novelty.threshold, "digits": DIGITS[novelty.method], **hint}}


def _choices(options: Options, classes: int) -> Facts:
    floor = options.thresholds.floor
    return {
        "top": options.top,
        "thresholds": {"ratio": options.thresholds.ratio, "floor": default_floor(classes) if floor is None else floor},
    }


def _input(spec: ModelSpec, tensor: Tensor) -> Facts:
    width, height = spec.input.size_wh
    return {
        "width": width,
        "height": height,
        "resize": spec.input.resize,
        "filter": spec.input.filter,
        "leastSide": least_side(spec.input),
        "range": list(spec.input.range),
        "mean": spec.input.mean and list(spec.input.mean),
        "std": spec.input.std and list(spec.input.std),
        "type": tensor.dtype,
        "scale": tensor.scale,
        "zeroPoint": tensor.zero_point,
    }


def _output(spec: ModelSpec, ends: Ends) -> Facts:
    return {
        "scale": ends.output.scale,
        "zeroPoint": ends.output.zero_point,
        "activation": spec.output.activation,
        "background": spec.output.background,
        "classes": spec.output.classes,
        "slack": sum_slack(spec.output, ends.output.scale, shows_its_input=ends.shows_its_input),
    }


def _package(options: Options) -> str:
    needed, tools = packages.FRAMEWORKS[options.target.value]
    return render(
        "web/package.json",
        dependencies=dict(sorted({**packages.ENGINE_PACKAGES[options.engine.value], **needed}.items())),
        tools=dict(sorted({**packages.VITE, **tools}.items())),
    )
