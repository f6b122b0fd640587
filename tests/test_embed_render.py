"""Code that is written for models: every target, escaping, what is refused, and Python code run as it is."""

import ast
import base64
import hashlib
import importlib.util
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from types import ModuleType
from typing import Any

import jinja2
import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

from lib.catalogue.store import SHIPPED
from lib.classify.opening import open_classifier
from lib.datasets.groups import groups_of
from lib.embed import (
    MOBILENETS,
    Engine,
    Input,
    Options,
    Snippet,
    Target,
    Weights,
    bundle,
    companions,
    matching,
    packages,
    preview,
    preview_files,
    render,
    steps,
    web,
    weights_file,
)
from lib.embed.escaping import FOLDER, Code, TemplateError, environment, js, kotlin, markup, py, swift
from lib.embed.options import PAGES, WEB
from lib.embed.words import GROUPS
from lib.errors import ModelFileError, ModelOutputError, UsageError
from lib.face.names import short_names
from lib.formats.quantise import quantise_int8
from lib.formats.tables import ends_of, read_ends
from lib.i18n import LANGUAGES, Translator
from lib.messages import Message
from lib.model.imagenet import imagenet
from lib.model.spec import FILTERS, RESIZE_RULES, ModelFolder, Novelty, OutputSpec, load
from lib.photos.opening import open_photo
from lib.verdict import Thresholds, explain, judge, judge_groups, sure_group
from tests.embed import states
from tests.embed.packages import find_node
from tests.support.pictures import encode, noise
from tests.support.user_models import put_chain

TINY_MODELS = Path(__file__).parent / "models"
NASTY_NAME = "</script><script>alert(1)</script><!-- {{ 1 + 1 }} {alert(2)} \"'`${alert(3)}"
NASTY_LABELS = (
    'it\'s "quoted" `so` ${alert(1)} $label \\(label) \\n',
    "{{ alert(1) }} {alert(2)} </script><script>alert(3)</script> <!--",
    "\u2028\u202e]]></style> {label} 고양이",
)
NASTY_FILE = "a b'c\"$d`#?.tflite"


@pytest.fixture
def nasty(tmp_path: Path) -> ModelFolder:
    """A model whose every text is an attack on some place it may land in."""
    folder = tmp_path / "nasty"
    shutil.copytree(TINY_MODELS / "float32", folder)
    (folder / "model.tflite").rename(folder / NASTY_FILE)
    card = (folder / "model.toml").read_text(encoding="utf-8")
    card = card.replace('name = "float32"', f"name = {json.dumps(NASTY_NAME)}")
    card = card.replace('weights = "model.tflite"', f"weights = {json.dumps(NASTY_FILE)}")
    (folder / "model.toml").write_text(card, encoding="utf-8")
    return load(folder)


@pytest.fixture
def nasty_labels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ModelFolder, "read_labels", lambda self, language="en": NASTY_LABELS)


# Every target -------------------------------------------------------------------------------------------------------

KINDS = [model.spec.id for model in states.kinds()]


@pytest.mark.parametrize("target", [target for target in Target if target is not Target.PYTHON_KERAS])
@pytest.mark.parametrize("model", KINDS)
def test_every_target_is_written_for_every_kind_of_model(
    tiny_model: Callable[[str], ModelFolder], target: Target, model: str
) -> None:
    snippet = render(Options(tiny_model(model), target))
    assert snippet.main in snippet.files
    assert snippet.notes
    for name, text in snippet.files.items():
        assert "[[" not in text, name
        assert "[%" not in text, name
        assert text.endswith("\n"), name


@pytest.mark.parametrize("target", Target)
def test_every_state_is_written(tiny_model: Callable[[str], ModelFolder], target: Target) -> None:
    """Each choice with each other; Chromium runs some of them (tests/embed/test_states.py)."""
    chosen = [state for state in states.every() if state.target is target]
    assert {state.language for state in chosen} == set(LANGUAGES)
    model = load(SHIPPED / "starter-scratch") if target is Target.PYTHON_KERAS else tiny_model("int8")
    for state in chosen:
        snippet = render(state.options(model))
        every = "\n".join(snippet.files.values())
        assert "[[" not in every, state
        assert "[%" not in every, state
        assert snippet.code.endswith("\n"), state


@pytest.mark.parametrize("target", WEB)
@pytest.mark.parametrize("given", Input)
@pytest.mark.parametrize("model", ["tfjs-mobilenet-v1-0.25", "float32"])
def test_web_pages_take_photos_from_everywhere(
    tiny_model: Callable[[str], ModelFolder], target: Target, given: Input, model: str
) -> None:
    found = MOBILENETS.get(model) or tiny_model(model)
    files = render(Options(found, target, input=given)).files
    written = {name: text for name, text in files.items() if not name.endswith(("discern.js", "discern.d.ts"))}
    every = "\n".join(written.values())
    if target is not Target.SCRIPT:  # the element draws them itself
        assert ("startCamera(" in every) == (given is Input.CAMERA)
        assert ('type="file"' in every) == (given is Input.FILE)
    assert (f' input="{given}"' in files["index.html"]) == (target is Target.SCRIPT and given is not Input.FILE)
    assert ('src="photo.jpg"' in every or "'photo.jpg'" in every) == (given is Input.IMG)


def test_what_a_project_asks_npm_for_is_exact(tiny_model: Callable[[str], ModelFolder]) -> None:
    for target in (Target.NPM, Target.VUE, Target.REACT, Target.SVELTE):
        package = json.loads(render(Options(tiny_model("float32"), target)).files["package.json"])
        for version in {**package["dependencies"], **package["devDependencies"]}.values():
            assert re.fullmatch(r"\d+\.\d+\.\d+", version)


# Lines of what a person reads and pastes.
MOST_LINES = {Target.SCRIPT: 15, Target.MODULE: 15} | dict.fromkeys(
    (Target.NPM, Target.VUE, Target.REACT, Target.SVELTE), 25
)


@pytest.mark.parametrize("target", WEB)
@pytest.mark.parametrize("given", Input)
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("model", ["tfjs-mobilenet-v1-0.25", "float32"])
def test_short_code_is_short(
    tiny_model: Callable[[str], ModelFolder], target: Target, given: Input, language: str, model: str
) -> None:
    found = MOBILENETS.get(model) or tiny_model(model)
    snippet = render(Options(found, target, input=given, language=language))
    code = snippet.files["index.html"] if snippet.main == "plain.html" else snippet.code
    assert len(code.splitlines()) <= MOST_LINES[target]
    assert max(map(len, code.splitlines())) <= 170


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_plain_code_for_tfjs_has_the_shape_of_the_published_example(language: str) -> None:
    snippet = render(Options(MOBILENETS["tfjs-mobilenet-v2-0.5"], Target.SCRIPT, language=language))
    assert snippet.main == "plain.html"
    assert len(snippet.code.splitlines()) <= 40
    assert "mobilenet.load({version: 2, alpha: 0.5, inputRange: [0.0, 1.0], modelUrl})" in snippet.code
    assert ".classify(photo, " in snippet.code
    assert snippet.code.count("<script src=") == 2
    assert snippet.code.count('integrity="sha384-') == 2
    assert "discern.js" not in snippet.code


@pytest.mark.parametrize("engine", Engine)
@pytest.mark.parametrize("is_built", [False, True])
def test_discern_js_is_the_same_whatever_the_model(engine: Engine, is_built: bool) -> None:
    code = web.library(engine, is_built=is_built)
    assert re.findall(r"^export \{(.*)\};$", code, re.MULTILINE) == ["Classifier, load, startCamera"]
    names = re.findall(r"^(?:async )?(?:const|let|function|class) (\w+)", code, re.MULTILINE)
    assert len(names) == len(set(names)) > 50
    assert not re.search(r"^(export \w|import \{)", code, re.MULTILINE)
    assert ("import('@" in code) == is_built
    files = packages.LITERT_FILES if engine is Engine.LITERT else packages.TFJS_FILES
    for file in files:  # exact versions, and what a browser compares
        assert is_built or f'"place": "{file.place}",' in code
        assert is_built or f'"integrity": "{file.integrity}"' in code


@pytest.mark.parametrize("target", PAGES)
@pytest.mark.parametrize("model", ["tfjs-mobilenet-v2-1.0", "float32"])
def test_a_page_says_what_discern_js_must_be(
    tiny_model: Callable[[str], ModelFolder], target: Target, model: str
) -> None:
    files = render(Options(MOBILENETS.get(model) or tiny_model(model), target)).files
    digest = base64.b64encode(hashlib.sha256(files["discern.js"].encode()).digest()).decode()
    assert f'"sha256-{digest}"' in files["index.html"]
    assert json.loads(files["model.json"])["scripts"] == "https://cdn.jsdelivr.net/npm/"


@pytest.mark.parametrize("target", WEB)
@pytest.mark.parametrize("given", Input)
@pytest.mark.parametrize("model", ["tfjs-mobilenet-v1-0.25", "float32"])
def test_complete_code_is_one_file_with_nothing_dead_in_it(
    tiny_model: Callable[[str], ModelFolder], target: Target, given: Input, model: str
) -> None:
    snippet = render(Options(MOBILENETS.get(model) or tiny_model(model), target, input=given, complete=True))
    assert not {"discern.js", "src/discern.js", "model.json", "public/model.json"} & set(snippet.files)
    code = snippet.code
    names = re.findall(r"^(?:async )?(?:const|let|function|class) (\w+)", code, re.MULTILINE)
    assert len(names) == len(set(names)) > 30
    bare = re.sub(r"//.*", "", code)
    assert [name for name in names if len(re.findall(rf"\b{name}\b", bare)) < 2 and name != "Discern"] == []
    has = {name: name in names for name in ("startCamera", "orientationOf", "toTensor", "toImageData")}
    assert has["startCamera"] == (given is Input.CAMERA)
    assert has["orientationOf"] == (given is not Input.CAMERA)  # only a file or an <img> may be a WebP on its side
    assert has["toTensor"] == (model == "float32")
    assert has["toImageData"] == (model != "float32")
    assert "customElements" not in code
    said = described_in(code)["words"]
    used = set(re.findall(r"\bwords\.(\w+)", code))
    assert used - {*said} <= {*GROUPS, "unfamiliar"}  # which this model has none of
    assert set(said) - used == {"clear", "close", "weak", "none"}  # words[kind]


@pytest.mark.parametrize("target", PAGES)
@pytest.mark.parametrize("given", Input)
def test_node_reads_the_complete_script_of_a_page(
    nasty: ModelFolder, tmp_path: Path, target: Target, given: Input
) -> None:
    node = find_node()
    if node is None:
        pytest.skip("Node is needed: there is none on this machine, nor the package that tests/embed installs")
    script = page_of(render(Options(nasty, target, input=given, complete=True)).code).scripts[-1]
    path = tmp_path / "page.mjs"
    path.write_text(script, encoding="utf-8")
    done = subprocess.run([node.node, "--check", path], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


# Escaping -----------------------------------------------------------------------------------------------------------


class Page(HTMLParser):
    """What a browser makes of a page: its title, its scripts, and all attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.title = ""
        self.scripts: list[str] = []
        self.tags: list[str] = []
        self.labels: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag == "script":
            self.scripts.append("")
        self.labels += [value or "" for name, value in attrs if name == "aria-label"]

    def handle_data(self, data: str) -> None:
        if self.lasttag == "script" and self.cdata_elem == "script":
            self.scripts[-1] += data
        elif self.lasttag == "title":
            self.title += data


def page_of(code: str) -> Page:
    page = Page()
    page.feed(code)
    page.close()
    return page


@pytest.mark.parametrize("complete", [False, True])
@pytest.mark.parametrize("target", WEB)
def test_names_that_are_attacks_stay_text(
    nasty: ModelFolder, nasty_labels: None, target: Target, complete: bool, tiny_model: Callable[[str], ModelFolder]
) -> None:
    snippet = render(Options(nasty, target, complete=complete))
    harmless = render(Options(tiny_model("float32"), target, complete=complete))
    page = page_of(snippet.files["index.html"])
    assert page.tags == page_of(harmless.files["index.html"]).tags
    assert page.title.strip() == NASTY_NAME
    assert snippet.files.keys() == harmless.files.keys()
    described = described_in(snippet.code) if complete else json.loads(json_of(snippet))
    assert (described["name"], described["labels"]) == (NASTY_NAME, list(NASTY_LABELS))
    differ = {name for name in snippet.files if snippet.files[name] != harmless.files[name]}
    if complete:
        assert differ <= {"index.html", snippet.main}
        assert "</script><script>alert" not in snippet.code
    else:
        assert differ <= {"index.html", "model.json", "public/model.json"}


def json_of(snippet: Snippet) -> str:
    """Return the description of the model that lies beside short code."""
    return next(text for name, text in snippet.files.items() if name.endswith("model.json"))


def described_in(code: str) -> dict[str, Any]:
    """Return the description of the model in complete code, which is JSON."""
    found: dict[str, Any] = json.JSONDecoder().raw_decode(code.partition("const description = ")[2])[0]
    return found


def test_names_that_are_attacks_stay_text_in_python(nasty: ModelFolder, nasty_labels: None) -> None:
    tree = ast.parse(render(Options(nasty, Target.PYTHON_LITERT)).code)
    values = {ast.unparse(node.targets[0]): node.value for node in tree.body if isinstance(node, ast.Assign)}
    assert ast.literal_eval(values["LABELS"]) == list(NASTY_LABELS)
    assert isinstance(values["MODEL"], ast.Call)
    assert ast.literal_eval(values["MODEL"].args[0]) == "model.tflite"


@pytest.mark.parametrize("target", [Target.ANDROID, Target.IOS])
def test_the_code_of_apps_holds_no_name_from_outside(
    nasty: ModelFolder, nasty_labels: None, target: Target, tiny_model: Callable[[str], ModelFolder]
) -> None:
    snippet = render(Options(nasty, target))
    assert snippet.files["labels.txt"].split("\n") == [*NASTY_LABELS, ""]
    assert snippet.code == render(Options(tiny_model("float32"), target)).code


@pytest.mark.parametrize("file", ["index.html", "labels.txt", "README.txt", "package.json", "classify.py", NASTY_FILE])
def test_a_models_own_file_name_takes_no_other_files_place(
    tiny_model: Callable[[str], ModelFolder], tmp_path: Path, file: str
) -> None:
    tiny = tiny_model("float32")
    weights = tiny.read_weights()
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / file).write_bytes(weights)
    (folder / "classes.txt").write_text("red\ngreen\nblue\n")
    model = ModelFolder(replace(tiny.spec, weights=file, labels="classes.txt"), folder)
    for target in set(Target) - {Target.PYTHON_KERAS}:
        options = Options(model, target)
        assert not set(companions(options)) & set(render(options).files)
        assert {Path(name).name for name in companions(options)} == {"model.tflite"}
    bundled = Options(model, Target.SCRIPT, weights=Weights.BUNDLE)
    assert {name for name, _ in bundle._model_files(bundled, None)} == {"model.tflite", "labels.txt"}
    assert bundled.model_address == "model.tflite"


@pytest.mark.parametrize(
    ("escape", "text", "expected"),
    [
        pytest.param(js, "</script>", r'"\u003C/script\u003E"', id="js: end of script"),
        pytest.param(js, "<!--&", r'"\u003C!--\u0026"', id="js: comment"),
        pytest.param(js, "\u2028\u202e\U000e0001", r'"\u2028\u202E\uDB40\uDC01"', id="js: what cannot be seen"),
        pytest.param(js, "a\"\\`'\n고", r'"a\"\\`' + "'" + r'\n고"', id="js: quotes"),
        pytest.param(markup, "<b a=\"'&{{x}}", "&lt;b a=&quot;&#x27;&amp;&#123;&#123;x&#125;&#125;", id="html"),
        pytest.param(py, "a\"'\\\n\u2028고", '"a\\"\'\\\\\\n\\u2028고"', id="python"),
        pytest.param(kotlin, 'a"$x\\\n\U000e0001', r'"a\"\$x\\\u000A\uDB40\uDC01"', id="kotlin"),
        pytest.param(swift, 'a"\\(x)\n\U000e0001', r'"a\"\\(x)\u{A}\u{E0001}"', id="swift"),
    ],
)
def test_text_is_escaped_for_its_place(escape: Callable[[object], Code], text: str, expected: str) -> None:
    assert escape(text) == expected


def test_what_is_escaped_for_javascript_and_python_reads_the_same() -> None:
    every = "".join(chr(point) for point in [*range(0x300), *range(0x2000, 0x2100), 0xFEFF, 0x1F600, 0xE0001])
    assert json.loads(js(every)) == every
    assert ast.literal_eval(py(every)) == every
    many = [f"label {i}" for i in range(200)]
    assert json.loads(js({"labels": many, "none": None, "deep": {"is": [1.5, True]}}))["labels"] == many
    assert max(map(len, js(many).splitlines())) <= 120
    assert ast.literal_eval(py(many)) == many


def test_a_value_without_a_filter_is_an_error() -> None:
    with pytest.raises(TemplateError, match="without a filter"):
        environment().from_string("[[ name ]]").render(name="x")


def test_a_name_that_there_is_not_is_an_error() -> None:
    with pytest.raises(jinja2.UndefinedError, match="nobody"):
        environment().from_string("[[ nobody|js ]]").render(name="x")


def test_plain_templates_do_not_end_a_script_early() -> None:
    for path in (FOLDER / "web").glob("*.js"):  # those of short code end their own
        assert "</script" not in path.read_text(encoding="utf-8").lower(), path.name


# What is refused ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "changes", "reason"),
    [
        pytest.param("float32", {"top": 0}, "at least 1", id="no classes"),
        pytest.param("float32", {"language": "xx"}, "no language", id="language"),
        pytest.param("float32", {"weights": Weights.ADDRESS}, "Give an address", id="no address"),
        pytest.param("float32", {"address": "https://example.org/"}, "Give an address", id="address not asked for"),
        pytest.param("tfjs-mobilenet-v1-1.0", {"target": Target.ANDROID}, "browsers", id="TF.js on Android"),
        pytest.param("float32", {"target": Target.IOS, "input": Input.CAMERA}, "web pages", id="camera of a script"),
        pytest.param(
            "float32", {"target": Target.VUE, "weights": Weights.BUNDLE}, "offline bundle", id="bundle of Vue"
        ),
    ],
)
def test_what_cannot_be_is_refused(
    tiny_model: Callable[[str], ModelFolder], model: str, changes: dict[str, Any], reason: str
) -> None:
    with pytest.raises(UsageError, match=reason):
        Options(MOBILENETS.get(model) or tiny_model(model), **{"target": Target.SCRIPT, **changes})


@pytest.mark.parametrize(
    ("address", "model", "expected"),
    [
        pytest.param("https://example.org/m.tflite", "float32", "https://example.org/m.tflite", id="file"),
        pytest.param("https://example.org/a/", "float32", "https://example.org/a/model.tflite", id="folder"),
        pytest.param("models/", "float32", "models/model.tflite", id="relative"),
        pytest.param("http://h/m/model.json?v=1", "tfjs", "http://h/m/model.json?v=1", id="TF.js"),
        pytest.param("http://h/m/", "tfjs", "http://h/m/model.json", id="folder of TF.js"),
        pytest.param("http://h/m/weights.bin", "tfjs", None, id="not a TF.js model"),
        pytest.param("javascript:alert(1)//", "float32", None, id="script"),
        pytest.param("data:text/html,x", "float32", None, id="data"),
        pytest.param("file:///etc/passwd", "float32", None, id="file system"),
        pytest.param("//example.org/x.tflite", "float32", None, id="without a scheme"),
        pytest.param('https://example.org/"><script>', "float32", None, id="markup"),
        pytest.param("https://example.org/a b", "float32", None, id="blank"),
        pytest.param("https://[", "float32", None, id="no address at all"),
    ],
)
def test_addresses(tiny_model: Callable[[str], ModelFolder], address: str, model: str, expected: str | None) -> None:
    found = MOBILENETS["tfjs-mobilenet-v1-1.0"] if model == "tfjs" else tiny_model(model)
    if expected is None:
        with pytest.raises(UsageError):
            Options(found, Target.SCRIPT, weights=Weights.ADDRESS, address=address)
    else:
        options = Options(found, Target.SCRIPT, weights=Weights.ADDRESS, address=address)
        assert options.model_address == expected
        assert json.loads(json_of(render(options)))["weights"] == expected


def test_a_model_without_a_keras_file_has_no_keras_code(tiny_model: Callable[[str], ModelFolder]) -> None:
    with pytest.raises(UsageError, match="no Keras model"):
        render(Options(tiny_model("float32"), Target.PYTHON_KERAS))


def test_a_file_that_is_no_model_is_refused(tiny_model: Callable[[str], ModelFolder], tmp_path: Path) -> None:
    shutil.copytree(tiny_model("float32").path, tmp_path / "m")
    for content in (b"", b"TFL3" * 4, b"\0\0\0\0TFL3" + b"\xff" * 60):
        (tmp_path / "m" / "model.tflite").write_bytes(content)
        with pytest.raises(ModelFileError):
            render(Options(load(tmp_path / "m"), Target.SCRIPT))


def test_the_code_of_a_probe_takes_its_numbers_as_shares_and_of_no_other_softmax(tmp_path: Path) -> None:
    probe, sigmoids = (
        load(put_chain(tmp_path, name, "RESHAPE", *more)) for name, more in [("probe", ()), ("sigmoids", ("LOGISTIC",))]
    )
    for target in (Target.PYTHON_LITERT, Target.ANDROID, Target.IOS):
        assert "0.02" not in render(Options(probe, target)).code
        assert "0.02" in render(Options(sigmoids, target)).code
    assert '"slack": null' in json_of(render(Options(probe, Target.SCRIPT)))
    assert '"slack": 0.02' in json_of(render(Options(sigmoids, Target.SCRIPT)))


def test_there_is_no_code_for_a_model_of_one_class(tiny_model: Callable[[str], ModelFolder]) -> None:
    model = tiny_model("sigmoid")
    one = replace(model, spec=replace(model.spec, output=OutputSpec(1)))
    for target in (Target.SCRIPT, Target.PYTHON_LITERT, Target.ANDROID):
        with pytest.raises(ModelOutputError, match="one class cannot be judged"):
            render(Options(one, target))


def test_other_kinds_of_numbers_are_refused(tiny_model: Callable[[str], ModelFolder], tmp_path: Path) -> None:
    folder = changed(tiny_model("float32"), tmp_path, _input_of_sixteen_bits)
    with pytest.raises(ModelFileError, match="float16 numbers"):
        render(Options(folder, Target.SCRIPT))


def test_an_open_batch_size_is_told_and_closed(tiny_model: Callable[[str], ModelFolder], tmp_path: Path) -> None:
    folder = changed(tiny_model("float32"), tmp_path, _open_batch)
    assert read_ends(folder).is_open
    options = Options(folder, Target.SCRIPT)
    assert any("fixed batch size" in note.text for note in render(options).notes)
    assert not any("fixed batch size" in note.text for note in render(Options(folder, Target.PYTHON_LITERT)).notes)
    folder.weights_path.write_bytes(companions(options)["model.tflite"])
    assert not read_ends(folder).is_open


@pytest.mark.parametrize("model", ["int8", "int8-coarse"])
def test_int8_ends_are_told_and_the_code_is_for_the_file_that_comes_with_it(
    tiny_model: Callable[[str], ModelFolder], model: str
) -> None:
    folder = tiny_model(model)
    options = Options(folder, Target.SCRIPT)
    snippet, came = render(options), ends_of(companions(options)["model.tflite"], "x")
    assert any("int8" in note.text for note in snippet.notes)
    assert (came.input.dtype, came.output.dtype) == ("uint8", "uint8")
    said = json.loads(json_of(snippet))
    assert (said["input"]["type"], said["input"]["scale"]) == ("uint8", came.input.scale)
    assert (said["input"]["zeroPoint"], said["output"]["zeroPoint"]) == (came.input.zero_point, came.output.zero_point)
    for target in (Target.PYTHON_LITERT, Target.ANDROID):  # they know int8, and get the model's own file
        native = Options(folder, target)
        assert companions(native)["model.tflite"] == folder.read_weights()
        assert not any("int8" in note.text for note in render(native).notes)


def changed(model: ModelFolder, tmp_path: Path, change: Callable[[Any, Any], None]) -> ModelFolder:
    """Return a copy of a model, its first input's table changed."""
    from ai_edge_litert import schema_py_generated as schema
    from ai_edge_litert.tools import flatbuffer_utils

    shutil.copytree(model.path, tmp_path / "changed")
    table = schema.ModelT.InitFromPackedBuf(model.weights_path.read_bytes(), 0)
    graph = table.subgraphs[0]
    change(graph.tensors[graph.inputs[0]], schema)
    (tmp_path / "changed" / "model.tflite").write_bytes(bytes(flatbuffer_utils.convert_object_to_bytearray(table)))
    return load(tmp_path / "changed")


def _open_batch(tensor: Any, schema: Any) -> None:
    tensor.shapeSignature = [-1, *tensor.shape[1:]]


def _input_of_sixteen_bits(tensor: Any, schema: Any) -> None:
    tensor.type = schema.TensorType.FLOAT16


# What the code says -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("target", Target)
def test_notes_and_sentences_are_in_every_language(
    tiny_model: Callable[[str], ModelFolder], language: str, target: Target
) -> None:
    model = MOBILENETS["tfjs-mobilenet-v2-0.5"] if target is Target.PYTHON_KERAS else tiny_model("float32")
    snippet = render(Options(model, target, language=language))
    every = "\n".join(snippet.files.values())
    say = Translator(language)
    close = say("Too close to call: {names}", names="{names}")
    assert close in every
    for note in snippet.notes:
        assert isinstance(note, Message)
        assert "{" not in say.message(note)


def test_thresholds_are_those_of_the_app(tiny_model: Callable[[str], ModelFolder]) -> None:
    few = json.loads(json_of(render(Options(tiny_model("float32"), Target.SCRIPT))))
    assert few["thresholds"] == {"ratio": 0.5, "floor": 0.5}
    many = json.loads(json_of(render(Options(MOBILENETS["tfjs-mobilenet-v1-1.0"], Target.SCRIPT))))
    assert many["thresholds"] == {"ratio": 0.5, "floor": 0.2}
    own = Options(tiny_model("float32"), Target.SCRIPT, top=2, thresholds=Thresholds(0.3, 0.7))
    said = json.loads(json_of(render(own)))
    assert (said["thresholds"], said["top"]) == ({"ratio": 0.3, "floor": 0.7}, 2)


@pytest.mark.parametrize(
    ("model", "same"),
    [
        ("mobilenet-v1-0.25-128-quant", "tfjs-mobilenet-v1-0.25"),
        ("mobilenet-v1-0.75-192-quant", "tfjs-mobilenet-v1-0.75"),
        ("mobilenet-v2-1.0-224", "tfjs-mobilenet-v2-1.0"),
        ("mobilenet-v2-1.0-224-ptq", "tfjs-mobilenet-v2-1.0"),
        ("keras-mobilenet", "tfjs-mobilenet-v1-1.0"),
        ("keras-mobilenet-0.5-160", "tfjs-mobilenet-v1-0.5"),
        ("keras-mobilenet-v2", "tfjs-mobilenet-v2-1.0"),
        ("tfjs-mobilenet-v2-0.75", "tfjs-mobilenet-v2-0.75"),
        ("mobilenet-v3-small-1.0-224", None),
        ("keras-mobilenet-v3-small", None),
        ("mobilenet-v2-1.0-224-inat-bird-quant", None),
        ("starter", None),
    ],
)
def test_the_mobilenet_that_is_like_a_model(model: str, same: str | None) -> None:
    found = matching(model)
    assert (found and found.id) == same


def test_mobilenets_are_where_the_package_looks_for_them() -> None:
    assert len(MOBILENETS) == 7
    assert MOBILENETS["tfjs-mobilenet-v1-0.5"].address == (
        "https://tfhub.dev/google/imagenet/mobilenet_v1_050_224/classification/1/model.json?tfjs-format=file"
    )
    assert MOBILENETS["tfjs-mobilenet-v2-1.0"].address == (
        "https://tfhub.dev/google/imagenet/mobilenet_v2_100_224/classification/2/model.json?tfjs-format=file"
    )


@pytest.mark.parametrize("complete", [False, True])
@pytest.mark.parametrize("target", WEB)
def test_the_preview_is_the_code_itself(
    tiny_model: Callable[[str], ModelFolder], target: Target, complete: bool
) -> None:
    options = Options(tiny_model("float32"), target, language="ko", top=2, complete=complete)
    page = preview(options, folder="/app/m/", scripts="/app/npm/")
    is_page = target in PAGES
    shown = replace(options, target=target if is_page else Target.SCRIPT, complete=complete and is_page)
    code = web.files(shown)["index.html"].replace("https://cdn.jsdelivr.net/npm/", "/app/npm/")
    before, _, after = page.rpartition("<script>\n// Not part of the code")
    assert before.replace('<base href="/app/m/">', "") + after.partition("</script>\n")[2] == code
    assert "cdn.jsdelivr.net" not in page
    files = preview_files(options, weights="../w/model.tflite", scripts="../npm/")
    assert files["discern.js"] == web.library(Engine.LITERT)
    described = json.loads(files["model.json"])
    assert (described["weights"], described["scripts"]) == ("../w/model.tflite", "../npm/")


@pytest.mark.parametrize("target", Target)
def test_there_are_three_steps(tiny_model: Callable[[str], ModelFolder], target: Target) -> None:
    model = MOBILENETS["tfjs-mobilenet-v2-0.5"] if target is Target.PYTHON_KERAS else tiny_model("float32")
    options = Options(model, target)
    assert len(steps(options)) == 3
    for message in (*steps(options), *render(options).notes):
        assert "`" not in str(message)


# Python code, as it is ----------------------------------------------------------------------------------------------


def imported(options: Options, folder: Path) -> ModuleType:
    """Write the code and the model's file, and import the code."""
    folder.mkdir()
    (folder / "classify.py").write_text(render(options).code, encoding="utf-8")
    for name, content in companions(options).items():
        (folder / name).write_bytes(content)
    spec = importlib.util.spec_from_file_location("generated", folder / "classify.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def pictures() -> Iterator[tuple[str, bytes]]:
    yield "noise.png", encode(noise(48, 32), "PNG")
    yield "tall.png", encode(noise(40, 700), "PNG")
    yield "large.jpg", encode(noise(1500, 1400, 3), "JPEG")
    see_through = noise(64, 64, 5).convert("RGBA")
    see_through.putalpha(90)
    yield "see-through.png", encode(see_through, "PNG")


@pytest.mark.parametrize("model", [kind for kind in KINDS if kind not in ("nan", "negative", "zero")])
def test_python_code_answers_as_the_app_does(
    tiny_model: Callable[[str], ModelFolder], tmp_path: Path, model: str
) -> None:
    folder = tiny_model(model)
    generated = imported(Options(folder, Target.PYTHON_LITERT, language="ja"), tmp_path / "code")
    classifier, say = open_classifier(folder), Translator("ja")
    for name, content in pictures():
        (tmp_path / name).write_bytes(content)
        found = generated.classify(tmp_path / name)
        expected = classifier.run(classifier.prepare(open_photo(content, name))).probabilities
        assert np.abs(found - expected).max() < 1e-12
        assert generated.explain(found) == say.message(explain(judge(expected, folder.read_labels("ja"))))


def telling(folder: ModelFolder, work: Path, pictures: Iterable[bytes], *, hint: bool = False) -> ModelFolder:
    """Return a model that calls the less familiar half of some pictures unfamiliar: by its largest logit."""
    own = replace(folder, spec=replace(folder.spec, novelty=Novelty("max-logit", 0.0, 0.95, "made up")))
    (work / "scored.tflite").write_bytes(weights_file(own))
    interpreter = Interpreter(model_path=str(work / "scored.tflite"))
    interpreter.allocate_tensors()
    classifier, scores = open_classifier(folder), []
    for picture in pictures:
        interpreter.set_tensor(
            interpreter.get_input_details()[0]["index"], classifier.prepare(open_photo(picture, "x"))
        )
        interpreter.invoke()
        scores.append(interpreter.get_tensor(interpreter.get_output_details()[1]["index"]).item())
    novelty = Novelty("max-logit", float(np.median(scores)), 0.95, "made up", hint=hint)
    return replace(own, spec=replace(own.spec, novelty=novelty))


@pytest.mark.parametrize(("background", "hint"), [("none", False), ("first", False), ("last", False), ("none", True)])
def test_python_code_says_unfamiliar_where_the_app_does(tmp_path: Path, background: str, hint: bool) -> None:
    small = load(SHIPPED / "starter-small")
    output = OutputSpec(small.spec.output.classes - (background != "none"), background)
    small = replace(small, spec=replace(small.spec, output=output))
    folder = telling(small, tmp_path, [content for _, content in pictures()], hint=hint)
    generated = imported(Options(folder, Target.PYTHON_LITERT, language="ko"), tmp_path / "code")
    classifier, say, labels = open_classifier(folder), Translator("ko"), folder.read_labels("ko")
    told = []
    for name, content in pictures():
        (tmp_path / name).write_bytes(content)
        probabilities, score = generated.classify(tmp_path / name)
        found = classifier.run(classifier.prepare(open_photo(content, name)))
        assert found.familiarity is not None
        assert score == found.familiarity.score
        told.append(found.familiarity.is_unfamiliar)
        expected = explain(judge(found.probabilities, labels), None, found.familiarity)
        assert generated.explain(probabilities, score) == say.message(expected)
    assert {*told} == {True, False}


@pytest.mark.parametrize(("target", "file"), [(Target.ANDROID, "Discern.kt"), (Target.IOS, "Discern.swift")])
def test_code_for_apps_says_unfamiliar_where_the_model_can(
    tiny_model: Callable[[str], ModelFolder], target: Target, file: str
) -> None:
    folder = tiny_model("float32")
    assert "amiliar" not in render(Options(folder, target)).files[file]
    can = replace(folder, spec=replace(folder.spec, novelty=Novelty("max-logit", 1.25, 0.95, "made up")))
    code = render(Options(can, target, language="ja")).files[file]
    assert "見慣れない写真" in code
    assert re.search(r"(?i)familiar = 1\.25\b", code)
    assert code.count("{") == code.count("}")
    assert code.count("(") == code.count(")")


def test_keras_code_tells_by_votes_but_not_by_means_and_says_so() -> None:
    small = load(SHIPPED / "starter-small")
    codes, notes = [], []
    for method in ("max-logit", "class-mean"):
        own = replace(small, spec=replace(small.spec, novelty=Novelty(method, 1.25, 0.95, "made up")))
        snippet = render(Options(own, Target.PYTHON_KERAS))
        compile(snippet.code, "classify.py", "exec")
        codes.append(snippet.code)
        notes.append("unfamiliar" in " ".join(map(str, snippet.notes)))
    assert ["FAMILIAR = 1.25" in code and "model.layers[-1].input" in code for code in codes] == [True, False]
    assert notes == [False, True]


@pytest.mark.parametrize("language", LANGUAGES)
def test_python_code_says_the_group_as_the_app_does(
    tiny_model: Callable[[str], ModelFolder], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    labels = short_names(names[0] for _, names in imagenet())
    monkeypatch.setattr(ModelFolder, "read_labels", lambda self, language="en": labels)
    limits = Thresholds(floor=0.2)
    options = Options(tiny_model("float32"), Target.PYTHON_LITERT, language=language, thresholds=limits)
    generated = imported(options, tmp_path / "code")
    groups, say, random = groups_of(labels), Translator(language), np.random.default_rng(7)
    assert groups is not None
    said = 0
    for number in range(2000):
        shares = random.dirichlet(np.full(len(groups.names) + 1, 0.02))[groups.of_class]
        values = shares * random.gamma(random.choice([0.1, 1.0]), size=1000) + 1e-9
        values = np.rint(values / values.sum() * 256) if number % 2 else values
        values[0] += not values.any()
        values /= values.sum()
        verdict, group = judge(values, labels, limits), judge_groups(values, labels, groups, limits)
        said += sure_group(verdict, group) is not None
        assert generated.explain(values) == say.message(explain(verdict, group))
    assert said > 100


@pytest.mark.parametrize(("target", "file"), [(Target.ANDROID, "Discern.kt"), (Target.IOS, "Discern.swift")])
def test_code_for_apps_has_the_groups_of_a_model_that_has_some(
    tiny_model: Callable[[str], ModelFolder], monkeypatch: pytest.MonkeyPatch, target: Target, file: str
) -> None:
    without = render(Options(tiny_model("float32"), target)).files[file]
    assert "explainGroup" not in without
    assert "Most likely" not in without
    monkeypatch.setattr(ModelFolder, "read_labels", lambda self, language="en": tuple(n[0] for _, n in imagenet()))
    code = render(Options(tiny_model("float32"), target, language="ko")).files[file]
    assert "개" in re.findall(r'"([^"]+)"(?: to |, )"151-268"', code)
    assert code.count("{") == code.count("}")
    assert code.count("(") == code.count(")")
    used = set(re.findall(r'"(group\w*|kind\w+)"', code))
    assert used >= {"group", "groupAndKind", "kindClose", "kindNone", "kindWeak"}


def test_python_code_gives_bytes_and_takes_real_probabilities(
    tiny_model: Callable[[str], ModelFolder], tmp_path: Path
) -> None:
    """An 8-bit variant: uint8 in, float32 out."""
    tiny = tiny_model("float32")
    typical = [np.full((1, 4, 6, 3), value, np.float32) for value in np.linspace(0, 1, 8)]
    shutil.copytree(tiny.path, tmp_path / "small")
    (tmp_path / "small" / "model.tflite").write_bytes(quantise_int8(tiny.read_weights(), "x", typical))
    folder = load(tmp_path / "small")
    generated = imported(Options(folder, Target.PYTHON_LITERT), tmp_path / "code")
    classifier = open_classifier(folder)
    for name, content in pictures():
        (tmp_path / name).write_bytes(content)
        expected = classifier.run(classifier.prepare(open_photo(content, name))).probabilities
        assert np.abs(generated.classify(tmp_path / name) - expected).max() < 1e-12
    kotlin_code, swift_code = (render(Options(folder, target)).code for target in (Target.ANDROID, Target.IOS))
    assert "inputs[0].writeInt8(ByteArray(pixels.size * 3) { i -> byteAt(i).toByte() })" in kotlin_code
    assert "outputs[0].readFloat()" in kotlin_code
    assert "return Data(bytes)\n" in swift_code
    assert "[Float](repeating: 0" in swift_code


@pytest.mark.parametrize("rule", RESIZE_RULES)
@pytest.mark.parametrize("name", FILTERS)
def test_python_code_scales_photos_to_the_same_bytes(
    tiny_model: Callable[[str], ModelFolder], tmp_path: Path, rule: str, name: str
) -> None:
    own = tiny_model("float32")
    folder = own.looking_as(replace(own.spec.input, resize=rule, filter=name))
    generated = imported(Options(folder, Target.PYTHON_LITERT), tmp_path / "code")
    classifier = open_classifier(folder)
    for size_wh in [(48, 32), (40, 700), (1, 1), (1, 300), (300, 1), (5, 9)]:
        path = tmp_path / "photo.png"
        path.write_bytes(encode(noise(*size_wh), "PNG"))
        found = generated.to_tensor(generated.open_photo(path))
        assert np.array_equal(found, classifier.prepare(open_photo(path.read_bytes(), path.name))[0])


@pytest.mark.parametrize(
    ("model", "reason"), [("nan", "infinite or invalid"), ("negative", "negative probability"), ("zero", "only zeros")]
)
def test_python_code_refuses_what_is_no_answer(
    tiny_model: Callable[[str], ModelFolder], tmp_path: Path, model: str, reason: str
) -> None:
    generated = imported(Options(tiny_model(model), Target.PYTHON_LITERT), tmp_path / "code")
    (tmp_path / "a.png").write_bytes(encode(noise(8, 8), "PNG"))
    with pytest.raises(ValueError, match=reason):
        generated.classify(tmp_path / "a.png")


def test_python_code_is_a_program(tiny_model: Callable[[str], ModelFolder], tmp_path: Path) -> None:
    imported(Options(tiny_model("float32"), Target.PYTHON_LITERT), tmp_path / "code")
    (tmp_path / "a.png").write_bytes(encode(noise(8, 8), "PNG"))
    (tmp_path / "b.png").write_text("no photo")
    command = [sys.executable, tmp_path / "code" / "classify.py", tmp_path / "a.png", tmp_path / "b.png"]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    assert done.returncode == 1
    assert done.stdout.startswith(f"{tmp_path / 'a.png'}: ")
    assert "b.png" in done.stderr


def test_keras_brings_what_the_app_converted(tiny_model: Callable[[str], ModelFolder]) -> None:
    folder = tiny_model("float32")
    source = {"application": "MobileNetV2", "arguments": {"alpha": 0.35}}
    own = ModelFolder(replace(folder.spec, source=source, output=OutputSpec(3)), folder.path)
    code = render(Options(own, Target.PYTHON_KERAS)).code
    assert 'keras.applications.MobileNetV2(weights="imagenet", input_shape=(HEIGHT, WIDTH, 3), alpha=0.35)' in code
    compile(code, "classify.py", "exec")


def test_the_name_of_an_application_is_only_a_name(tiny_model: Callable[[str], ModelFolder]) -> None:
    folder = tiny_model("float32")
    for source in ({"application": "X()"}, {"application": "X", "arguments": {"a=1)#": 1}}):
        with pytest.raises(UsageError):
            render(Options(ModelFolder(replace(folder.spec, source=source), folder.path), Target.PYTHON_KERAS))


def test_a_keras_file_comes_with_its_code(tiny_model: Callable[[str], ModelFolder], tmp_path: Path) -> None:
    shutil.copytree(tiny_model("float32").path, tmp_path / "m")
    (tmp_path / "m" / "model.keras").write_bytes(b"keras")
    options = Options(load(tmp_path / "m"), Target.PYTHON_KERAS)
    assert 'with_name("model.keras")' in render(options).code
    assert companions(options) == {"model.keras": b"keras"}


def test_keras_code_for_a_mobilenet_of_tfjs_has_the_labels() -> None:
    code = render(Options(MOBILENETS["tfjs-mobilenet-v1-0.25"], Target.PYTHON_KERAS)).code
    assert "keras.applications.MobileNet(" in code
    assert code.count('"tench, Tinca tinca"') == 1
