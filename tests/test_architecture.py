"""Imports point one way, and bugs stay loud."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LIB = sorted((ROOT / "lib").rglob("*.py"))
BELOW_THE_PAGE = [path for path in LIB if (ROOT / "lib" / "ui") not in path.parents]
PAGES = sorted((ROOT / "pages").glob("*.py"))
ENTRY = [path for path in (ROOT / "streamlit_app.py",) if path.is_file()]


def where(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield f"{'.' * node.level}{node.module or ''}"


def top_levels(path: Path) -> set[str]:
    return {name.split(".")[0] for name in imports(path)}


def test_there_is_something_to_check() -> None:
    assert len(BELOW_THE_PAGE) > 15


@pytest.mark.parametrize("path", BELOW_THE_PAGE, ids=where)
def test_the_library_below_the_page_knows_no_streamlit(path: Path) -> None:
    assert "streamlit" not in top_levels(path)
    assert not [name for name in imports(path) if name.startswith(("lib.ui", "pages"))]


@pytest.mark.parametrize("path", PAGES + ENTRY, ids=where)
def test_pages_import_the_library_and_streamlit_only(path: Path) -> None:
    foreign = top_levels(path) - {"lib", "streamlit", "pages"} - sys.stdlib_module_names
    assert not foreign - {"starlette"}  # routes of our own


# The floors of the house, from the top: a room imports from its own floor and from those below it, never from above.
FLOORS = (
    {"__main__"}, {"ui", "cli"}, {"scale"}, {"api"}, {"server"}, {"projects"},
    {"reports", "embed", "training", "lessons"},
    {"charts", "face"}, {"evaluation", "catalogue"}, {"classify"}, {"datasets", "formats"},
    {"photos", "work", "model"}, {"verdict"}, {"results", "i18n"}, {"errors"}, {"messages"},
)  # fmt: skip
HEIGHT = {room: -depth for depth, rooms in enumerate(FLOORS) for room in rooms}
MODULES = {".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path for path in LIB}


def imported_modules(path: Path) -> set[str]:
    """Return the modules of the library that a file imports, `from lib.work import queue` as lib.work.queue."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            inside = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= inside if inside <= set(MODULES) else inside | {node.module or ""}
    return {name for name in found if name in MODULES and name.count(".")}


def room(module: str) -> str:
    return module.split(".")[1]


IMPORTS = {module: imported_modules(path) - {module} for module, path in MODULES.items() if module != "lib"}


def test_every_room_has_its_floor() -> None:
    assert {room(module) for module in IMPORTS} <= set(HEIGHT)


@pytest.mark.parametrize("module", IMPORTS)
def test_imports_run_downwards(module: str) -> None:
    assert not [name for name in IMPORTS[module] if HEIGHT[room(name)] > HEIGHT[room(module)]]


def test_nothing_is_imported_in_a_circle() -> None:
    rooms: dict[str, set[str]] = {}
    for module, names in IMPORTS.items():
        rooms.setdefault(room(module), set()).update(room(name) for name in names if room(name) != room(module))
    tuple(TopologicalSorter(rooms).static_order())  # raises CycleError, which names the circle
    tuple(TopologicalSorter(IMPORTS).static_order())


def at_the_top(path: Path) -> set[str]:
    """Return what is imported when a file is: not inside of a function."""
    return {
        name
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ([alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""])
    }


def test_ray_is_imported_by_the_room_for_many_machines_only_and_that_by_commands_when_asked_for() -> None:
    assert {room(module) for module in IMPORTS if "ray" in top_levels(MODULES[module])} == {"scale"}
    assert {room(module) for module, names in IMPORTS.items() if "scale" in map(room, names)} == {"scale", "cli"}
    inside = [path for path in LIB if path.parent.name == "scale"]
    assert not [path for path in LIB if any(name.split(".")[0] == "ray" for name in at_the_top(path))]
    assert not [path for path in LIB if path not in inside and any("lib.scale" in name for name in at_the_top(path))]
    assert not [path for path in PAGES + ENTRY if "ray" in top_levels(path)]


def catches_everything(handler: ast.ExceptHandler) -> bool:
    caught = (
        {name.id for name in ast.walk(handler.type) if isinstance(name, ast.Name)}
        if handler.type
        else {"BaseException"}
    )
    return bool(caught & {"Exception", "BaseException"})


def keeps_it(handler: ast.ExceptHandler) -> bool:
    """Whether it raises again, or stores the exception for whoever asks for the result."""
    return any(
        isinstance(node, ast.Raise) or (isinstance(node, ast.Name) and node.id == handler.name)
        for statement in handler.body
        for node in ast.walk(statement)
    )


@pytest.mark.parametrize("path", LIB, ids=where)
def test_the_library_swallows_no_bugs(path: Path) -> None:
    handlers = [
        node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.ExceptHandler)
    ]
    swallowing = [handler.lineno for handler in handlers if catches_everything(handler) and not keeps_it(handler)]
    assert not swallowing


@pytest.mark.parametrize(
    "module",
    [
        "lib.classify.infer",
        "lib.cli.main",
        "lib.cli.benchmark",
        "lib.catalogue.store",
        "lib.reports.evaluation",
        "lib.cli.train",
    ],
)
def test_classifying_loads_no_tensorflow_and_no_streamlit(module: str) -> None:
    heavy = ("tensorflow", "keras", "streamlit", "torch", "pandas")
    code = f"import sys, {module}; print([name for name in {heavy!r} if name in sys.modules])"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_a_command_loads_no_other_command() -> None:
    code = """
import sys
from lib.cli.main import build_parser
build_parser().parse_args(["train", "folder"])
print(sorted(name for name in sys.modules if name.startswith("lib.cli.")), "lib.embed" in sys.modules)
"""
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "['lib.cli.main', 'lib.cli.terminal', 'lib.cli.train', 'lib.cli.transfer'] False"


def test_a_classification_loads_no_tensorflow_and_no_streamlit() -> None:
    code = """
import sys
from pathlib import Path
from lib.model.spec import load
from lib.classify.opening import open_classifier
from lib.photos.source import Source; from lib.classify.infer import conclude, infer
from tests.support.pictures import RED, encode, plain
model = open_classifier(load(Path("tests/models/float32")))
outcome = conclude(infer(Source.of_bytes(encode(plain(RED), "PNG"), "a"), model), model.labels)
print(outcome.verdict.kind, [name for name in ("tensorflow", "keras", "streamlit") if name in sys.modules])
"""
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "clear []"
