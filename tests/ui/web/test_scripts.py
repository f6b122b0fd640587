"""The pages' own scripts: their types, and what Node's runner finds."""

from pathlib import Path

import pytest

from tests.embed import packages
from tests.embed.packages import MODULES, Node, NoPackagesError, find_node

ROOT = Path(__file__).resolve().parents[3]
SCRIPTS = sorted((ROOT / "lib" / "ui" / "web").glob("*.js"))
UNITS = sorted(Path(__file__).parent.glob("*.test.mjs"))
STRICT = (
    "--allowJs --checkJs --noEmit --strict --target ES2022 --module ES2022 --moduleResolution bundler "
    "--lib ES2023,DOM,DOM.Iterable"
)


@pytest.fixture(scope="module")
def node() -> Node:
    found = find_node()
    if found is None:
        pytest.skip("Node is needed: there is none on this machine, nor the package that tests/embed installs")
    return found


@pytest.fixture(scope="module")
def compiler(node: Node) -> Path:
    try:
        packages.install()
    except NoPackagesError as error:
        pytest.skip(f"TypeScript is needed. {error}")
    return MODULES / ".bin" / "tsc"


def test_there_is_something_to_check() -> None:
    assert SCRIPTS
    assert UNITS


def test_the_types_in_the_comments_hold(node: Node, compiler: Path) -> None:
    done = node.run(compiler, *STRICT.split(), *SCRIPTS, cwd=ROOT)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_units(node: Node, unit: Path) -> None:
    done = node.run(node.node, "--test", unit, cwd=ROOT)
    assert done.returncode == 0, done.stdout
