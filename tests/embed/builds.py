"""Generated code, ready to be served: pages as they are, projects built by Vite."""

import json
from pathlib import Path
from urllib.parse import unquote

from lib.embed import Options, Target, render, weights_file
from lib.model.spec import ModelFolder
from tests.embed.packages import MODULES, Node

_BUILD = Path(__file__).with_name("build.mjs")
PAGES = (Target.SCRIPT, Target.MODULE)


def write_project(options: Options, folder: Path) -> Path:
    """Write a target's files into `folder` and return the folder to serve once it is built."""
    for name, text in render(options).files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    if options.target in PAGES:
        return folder
    (folder / "node_modules").symlink_to(MODULES, target_is_directory=True)
    return folder / "dist"


def build(node: Node, folders: list[Path]) -> None:
    """Build projects with Vite, all in one process: starting Node takes longer than a build."""
    done = node.run(node.node, str(_BUILD), json.dumps([str(folder) for folder in folders]), cwd=MODULES.parent)
    assert done.returncode == 0, done.stdout + done.stderr


def model_files(options: Options, graph: Path) -> dict[str, bytes | Path]:
    """Return what must be on the site beside the page: the model, as the page asks for it."""
    address = unquote(options.model_address).lstrip("/")
    if isinstance(options.model, ModelFolder):
        return {address: weights_file(options.model)}
    below = address.removesuffix("model.json")
    return {below + path.name: path for path in graph.iterdir()}
