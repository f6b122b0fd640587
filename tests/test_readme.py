"""The README says nothing that is not there: commands, settings, files, pictures and whose photos they show."""

import re
import shlex

import pytest

from lib.cli.main import build_parser
from lib.lessons import plan
from tests.screenshots import FREE, MOST_BYTES, free_samples
from tests.support.server import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^python -m lib (.+?)(?: +#.*)?$", README, re.MULTILINE)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_one(command: str) -> None:
    assert callable(build_parser().parse_args(shlex.split(command)).run)


def test_every_command_of_the_command_line_is_shown() -> None:
    listed = set(re.findall(r"^    ([\w-]+)", build_parser().format_help(), re.MULTILINE))
    assert {command.split()[0] for command in COMMANDS} == listed


def test_every_setting_is_named_and_every_one_named_is_a_setting() -> None:
    sources = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "lib").rglob("*.py"))
    pattern = r"\bDISCERN_[A-Z]+(?:_[A-Z]+)*\b"
    assert set(re.findall(pattern, README)) == set(re.findall(pattern, sources))


def test_every_target_of_make_is_there() -> None:
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(re.findall(r"\bmake ([a-z]+(?:-[a-z]+)*)\b", README)) <= targets


def test_the_pictures_are_there_and_small() -> None:
    pictures = re.findall(r"!\[[^\]]{20,}\]\((docs/\w+\.webp)\)", README)
    assert {ROOT / place for place in pictures} == set((ROOT / "docs").glob("*.webp"))
    assert [path.name for path in (ROOT / "docs").iterdir() if path.suffix != ".webp" and path.name not in README] == []
    assert len(pictures) == 5
    assert all((ROOT / place).stat().st_size <= MOST_BYTES for place in pictures)


def test_who_made_the_photos_in_them_is_said() -> None:
    assert [path.name for path in free_samples()] == list(FREE)
    assert [name for name in FREE if name not in README.split("## Licences")[1]] == []


def test_every_folder_of_the_product_stands_in_the_layout() -> None:
    layout = README.split("## Layout")[1].split("## Licences")[0]
    folders = {path.parent.name for path in (ROOT / "lib").glob("*/__init__.py")} | {"docs", "models", "tests", "pages"}
    assert {name for name in folders if f"{name}/" not in layout} == set()


def test_the_ninety_minutes_are_those_of_the_plan() -> None:
    table = README.split("| minutes | part | goal |\n|---|---|---|\n")[1].split("\n\n")[0]
    assert table.splitlines() == [
        f"| {begin}–{end} | {part.title} | {part.goal} |" for begin, end, part in plan.spans()
    ]
