"""A small class, as `python -m tests.load` measures a large one: every answer is there and right."""

import asyncio
from pathlib import Path

import pytest

from lib.photos.samples import find_samples
from tests.load import room
from tests.load.classroom import told_by_command_line, waves_of
from tests.load.latecomer import beside
from tests.load.machine import serving
from tests.load.options import Options
from tests.load.restart import damaged_files
from tests.load.wire import NotAnsweredError, Wire
from tests.support.server import Server

SMALL = Options(visitors=4, photos=5, model="starter-small", large=6)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of photos that come with the app."""
    folder = tmp_path_factory.mktemp("photos")
    for sample in find_samples():
        (folder / sample.path.name).write_bytes(sample.path.read_bytes())
    return folder


def test_a_class_gets_the_command_lines_answers(folder: Path) -> None:
    photos = {path.name: path.read_bytes() for path in sorted(folder.iterdir())}
    expected = told_by_command_line(folder, SMALL.model)
    with serving() as server:
        _, waves = asyncio.run(waves_of(server, photos, SMALL, expected))
        assert [wave.right for wave in waves] == [20, 20]
        figures = asyncio.run(beside(server, [*photos.values()], [*photos.values()][:1], SMALL))
        assert [figure.value for figure in figures if "answered" in figure.name] == [6]
        assert _is_refused(server)


def test_a_class_meets_trains_and_leaves_nothing(folder: Path) -> None:
    photos = [path.read_bytes() for path in sorted(folder.iterdir())]
    with serving() as server:
        figures = asyncio.run(room.met(server, photos, SMALL, idle_s=0.5, browsers=0))
    told = {figure.name.removeprefix("the same: "): figure for figure in figures}
    assert told["what is left after the end"].value == 0
    assert told["from the last photo to the answers on the last phone"].is_met
    assert told["from “Make the model” to the last phone that has it"].value > 0


def _is_refused(server: Server) -> bool:
    """Whether a request that goes wrong is told as such: else no load would notice."""

    async def ask() -> None:
        async with Wire(server) as wire:
            await wire.ask("GET", "/visits/nobody/answers?model=starter")

    with pytest.raises(NotAnsweredError, match="404"):
        asyncio.run(ask())
    return True


def test_a_file_that_is_not_what_its_name_says_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "0123").write_bytes(b"half")
    assert damaged_files(tmp_path) == ["0123"]
