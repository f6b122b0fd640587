"""Web pages: the modules of the templates, filled in, in one file or as a project for Vite."""

import re
import textwrap
from collections.abc import Iterable, Mapping
from typing import Any

from lib.classify.infer import least_side
from lib.classify.outputs import sum_slack
from lib.embed import mobilenets, packages, words
from lib.embed.escaping import read, render
from lib.embed.groups import group_spans
from lib.embed.mobilenets import TfjsMobilenet
from lib.embed.options import PAGES, Engine, Options, Target, Weights
from lib.embed.packages import PackageFile
from lib.formats.edit import for_browsers, unsigned
from lib.formats.tables import Ends, Tensor, ends_of
from lib.formats.unbelieved import once_per_content
from lib.i18n import Translator
from lib.model.spec import ModelFolder, ModelSpec
from lib.verdict import default_floor

BUNDLE = "npm/"  # the folder of packages beside a page that needs no internet
_MODULES = ("verdict", "tensor", "pixels", "engine", "classifier", "photo")
_IMPORT = re.compile(r"^import \{(?P<names>[^}]*)\} from '\./(?P<module>[\w-]+)\.js';\n", re.MULTILINE)
_EXPORT = re.compile(r"^export ", re.MULTILINE)

Facts = dict[str, Any]  # about a model, as the code has them


def files(options: Options, *, scripts: str | None = None) -> dict[str, str]:
    """Return the files of a web target.

    Args:
        options: What is asked for.
        scripts: Address of the folder of packages; None for the CDN, or the bundle's.

    Raises:
        ModelFileError: See `render`.
    """
    if options.target in PAGES:
        default = BUNDLE if options.weights is Weights.BUNDLE else packages.CDN
        return {"index.html": _page(options, default if scripts is None else scripts)}
    return _project(options)


def weights_file(folder: ModelFolder) -> bytes:
    """Return the model's file as the code expects it: as LiteRT.js takes it.

    Raises:
        ModelFileError: It cannot be read.
    """
    return for_browsers(folder.read_weights(), folder.spec.input.size_wh, folder.spec.weights)


_read_ends = once_per_content(lambda content, file: ends_of(unsigned(content, file), file))


def _page(options: Options, scripts: str) -> str:
    """Return the page of the targets `script` and `module`: all modules in one file."""
    is_module = options.target is Target.MODULE
    model = _model(options)
    modules = _modules(options, model, _runtime(options, scripts))
    names = ("words", "model", "runtime", *_MODULES, "ui", f"input-{options.input}")
    code = "\n".join(_inlined(modules[name]) for name in names)
    has_tags = options.engine is Engine.TFJS and not is_module
    values: dict[str, Any] = {} if has_tags else {"imports": _import_map(options.engine, scripts)}
    return render(
        "web/page.html",
        language=options.language,
        model=model,
        css=read("web/style.css"),
        tags=[_addressed(file, scripts) for file in packages.TFJS_SCRIPT_FILES] if has_tags else [],
        body=_body(options, model),
        code=code if is_module else textwrap.indent(code, "  "),
        is_module=is_module,
        **values,
    )


def _body(options: Options, model: Facts) -> str:
    return render("web/body.html", model=model, words=_words(options), input=options.input.value)


def _inlined(module: str) -> str:
    """Return a module as a part of a larger one: what it imports from the others is in sight."""
    return _EXPORT.sub("", re.sub(r"\n{3,}", "\n\n", _IMPORT.sub("", module)))


def _modules(options: Options, model: Facts, runtime: str) -> dict[str, str]:
    """Return all modules that a page may need, by name."""
    plain = ("verdict", "tensor", "pixels", "classifier", "photo", "ui", f"input-{options.input}")
    return {
        "words": render("web/words.js", words=_words(options)),
        "model": render("web/model.js", model=model),
        "runtime": runtime,
        "engine": read(f"web/{options.engine}.js"),
        **{name: read(f"web/{name}.js") for name in plain},
    }


def _runtime(options: Options, scripts: str) -> str:
    """Return the module that says where the engine's own files are."""
    if options.engine is Engine.LITERT:
        runtime = {
            name: dict(zip(("loader", "binary"), (_addressed(file, scripts) for file in pair), strict=True))
            for name, pair in (("fast", packages.LITERT_FAST), ("compatible", packages.LITERT_COMPATIBLE))
        }
        return render("web/runtime-litert-web.js", runtime=runtime)
    return read(f"web/runtime-tfjs-{'module' if options.target is Target.MODULE else 'script'}.js")


def _import_map(engine: Engine, scripts: str) -> dict[str, dict[str, str]]:
    """Return what modules are called and where they are; browsers that know `integrity` refuse altered ones."""
    imports = packages.LITERT_IMPORTS if engine is Engine.LITERT else packages.TFJS_IMPORTS
    found = {name: _addressed(file, scripts) for name, file in imports.items()}
    return {
        "imports": {name: file["address"] for name, file in found.items()},
        "integrity": {file["address"]: file["integrity"] for file in found.values()},
    }


def _addressed(file: PackageFile, scripts: str) -> dict[str, str]:
    address = scripts + file.place
    if "://" not in address and not address.startswith(("/", ".")):
        address = f"./{address}"  # in an import map, a bare path would be a name
    return {"address": address, "integrity": file.integrity}


def _words(options: Options) -> dict[str, str]:
    sentences = {
        **words.VERDICTS, **words.FAULTS, **words.PAGE, **words.INPUTS[options.input.value],
        **(words.GROUPS if group_spans(options) else {}),
        **(words.LITERT if options.engine is Engine.LITERT else {}),
    }  # fmt: skip
    return words.translate(sentences, Translator(options.language))


def _model(options: Options) -> Facts:
    """Return the facts about the model that the code works with."""
    if isinstance(options.model, TfjsMobilenet):
        return _tfjs_model(options, options.model)
    spec, ends = options.model.spec, _read_ends(options.model)
    return {
        "name": spec.name,
        "address": options.model_address,
        **_choices(options, spec.output.classes),
        "input": _input(spec, ends.input),
        "output": _output(spec, ends),
        "labels": list(options.model.read_labels(options.language)),
        **_groups(options),
    }


def _tfjs_model(options: Options, net: TfjsMobilenet) -> dict[str, Any]:
    spec = mobilenets.INPUT
    width, height = spec.size_wh
    return {
        "name": net.name,
        "address": options.model_address,
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
    }


def _groups(options: Options) -> dict[str, Any]:
    spans = group_spans(options)
    return {"groups": spans} if spans else {}


def _choices(options: Options, classes: int) -> dict[str, Any]:
    floor = options.thresholds.floor
    return {
        "top": options.top,
        "thresholds": {"ratio": options.thresholds.ratio, "floor": default_floor(classes) if floor is None else floor},
    }


def _input(spec: ModelSpec, tensor: Tensor) -> dict[str, Any]:
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


def _output(spec: ModelSpec, ends: Ends) -> dict[str, Any]:
    return {
        "scale": ends.output.scale,
        "zeroPoint": ends.output.zero_point,
        "activation": spec.output.activation,
        "background": spec.output.background,
        "classes": spec.output.classes,
        "slack": sum_slack(spec.output, ends.output.scale, shows_its_input=ends.shows_its_input),
    }


def _project(options: Options) -> dict[str, str]:
    """Return a project for Vite: `npm install`, `npm run dev` or `npm run build`."""
    runtime = "litert-npm" if options.engine is Engine.LITERT else "tfjs-module"
    model = _model(options)
    modules = _modules(options, model, read(f"web/runtime-{runtime}.js"))
    needed = ("words", "model", "runtime", *_MODULES)
    shared = {f"src/discern/{name}.js": modules[name] for name in needed}
    return {
        "package.json": _package(options),
        "vite.config.js": read(f"web/vite-{options.target}.config.js"),
        **(_component if options.target in _COMPONENTS else _plain)(options, model, modules),
        **shared,
        "src/discern/style.css": read("web/style.css"),
    }


def _package(options: Options) -> str:
    needed, tools = packages.FRAMEWORKS[options.target.value]
    return render(
        "web/package.json",
        dependencies=dict(sorted({**packages.ENGINE_PACKAGES[options.engine.value], **needed}.items())),
        tools=dict(sorted({**packages.VITE, **tools}.items())),
    )


def _plain(options: Options, model: Facts, modules: Mapping[str, str]) -> dict[str, str]:
    """Return the files of a page without a framework."""
    code = _merged([modules["ui"], modules[f"input-{options.input}"]])
    return {
        "index.html": _project_page(options, model, "main.js", _body(options, model)),
        "src/main.js": f"import './discern/style.css';\n{code}",
    }


def _component(options: Options, model: Facts, modules: Mapping[str, str]) -> dict[str, str]:
    """Return the files of a page that shows a component of a framework."""
    component, main = _COMPONENTS[options.target]
    return {
        "index.html": _project_page(options, model, main, '<div id="app"></div>\n'),
        f"src/{main}": read(f"web/{main.replace('main', f'main-{options.target}')}"),
        f"src/{component}": render(f"web/{component}", input=options.input.value),
    }


_COMPONENTS = {
    Target.VUE: ("Discern.vue", "main.js"),
    Target.REACT: ("Discern.jsx", "main.jsx"),
    Target.SVELTE: ("Discern.svelte", "main.js"),
}


def _merged(modules: Iterable[str]) -> str:
    """Return modules as one, that imports what they import of the others."""
    needed: dict[str, set[str]] = {}
    bodies = []
    for module in modules:
        for found in _IMPORT.finditer(module):
            needed.setdefault(found["module"], set()).update(re.findall(r"\w+", found["names"]))
        bodies.append(_inlined(module).strip())
    needed.pop("ui", None)  # is here
    imports = [
        f"import {{{', '.join(sorted(names))}}} from './discern/{name}.js';" for name, names in sorted(needed.items())
    ]
    return "\n".join(imports) + "\n\n" + "\n\n".join(bodies) + "\n"


def _project_page(options: Options, model: Facts, main: str, body: str) -> str:
    return render("web/project.html", language=options.language, model=model, body=body, main=main)
