"""A project's model keeps up with its photos, and with nobody else's time."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from lib.errors import ModelNotReadyError
from lib.messages import Message
from lib.projects import live
from lib.projects.live import Lines, Live, Lives
from lib.projects.project import Project, Settings
from lib.projects.shelf import Shelf
from lib.projects.store import Projects
from lib.server.pool import Pool
from tests.support.colours import Colours, Means, Row
from tests.support.pictures import BLUE, GREEN, RED, encode, plain


@dataclass
class Bench:
    """A project, what learns it, and the lines in which that is done."""

    project: Project
    learner: Colours
    shelf: Shelf[Row]
    pool: Pool

    @property
    def lines(self) -> Lines:
        return Lines(self.pool.line("a"), Pool(1).line("a"), Pool(1).line("a"))

    def begin(self) -> Live[Row, Means]:
        return Live(self.project, lambda settings: self.learner, self.shelf, self.lines)

    def add(self, klass: int, *colours: tuple[int, int, int]) -> None:
        for number, colour in enumerate(colours):
            self.project.add(klass, f"{number}.png", encode(plain(colour), "PNG"))


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    project = Projects(tmp_path).begin("colours")
    return Bench(project, Colours(), Shelf(), Pool(2))


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "GAP_S", 0.02)
    monkeypatch.setattr(live, "CALM_S", 60.0)


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 5
    while not holds():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.002)


def two_classes(bench: Bench) -> tuple[int, int]:
    warm, cold = bench.project.add_class("warm").id, bench.project.add_class("cold").id
    bench.add(warm, RED, (250, 20, 0))
    bench.add(cold, BLUE, (0, 20, 250))
    return warm, cold


def current(bench: Bench) -> Live[Row, Means]:
    found = bench.begin()
    found.update()
    until(lambda: found.is_current)
    return found


def test_it_tells_apart_what_it_was_shown(bench: Bench) -> None:
    two_classes(bench)
    found = current(bench).look(encode(plain((220, 0, 0)), "PNG"), "try.png")
    assert found is not None
    assert [p.label for p in found.found.predictions] == ["warm", "cold"]
    assert (found.found.file, found.found.unfamiliar) == ("try.png", False)


def test_it_knows_what_it_was_never_shown(bench: Bench) -> None:
    two_classes(bench)
    found = current(bench).look(encode(plain(GREEN), "PNG"), "try.png")
    assert found is not None
    assert found.found.unfamiliar


def test_it_is_reminded_of_the_likest_photos(bench: Bench) -> None:
    _, cold = two_classes(bench)
    first, second = (photo.id for photo in bench.project.photos if photo.klass == cold)
    found = current(bench).look(encode(plain((0, 25, 250)), "PNG"), "try.png")
    assert found is not None
    assert found.near[:2] == (second, first)


def test_with_one_class_there_is_nothing_to_tell_apart(bench: Bench) -> None:
    bench.add(bench.project.add_class("warm").id, RED)
    bench.project.add_class("empty")
    assert current(bench).look(encode(plain(RED), "PNG"), "try.png") is None
    assert bench.learner.fits == []


def test_no_photo_is_looked_at_twice(bench: Bench) -> None:
    warm, _ = two_classes(bench)
    model = current(bench)
    bench.add(warm, (240, 0, 0))
    assert not model.is_current
    model.update()
    until(lambda: model.is_current)
    assert len(bench.learner.read_names) == 5
    assert bench.learner.fits[-1] == 5


def test_after_a_restart_features_come_from_the_disk(bench: Bench) -> None:
    two_classes(bench)
    current(bench)
    bench.shelf = Shelf()
    bench.learner.read_names.clear()
    assert current(bench).look(encode(plain(RED), "PNG"), "try.png") is not None
    assert bench.learner.read_names == []


def test_features_that_were_lost_are_read_again(bench: Bench) -> None:
    warm, _ = two_classes(bench)
    bench.shelf = Shelf(most_bytes=1)  # of all photos the last one's alone stays in memory
    model = current(bench)
    for file in (bench.project.folder / "colours").iterdir():
        file.unlink()
    bench.add(warm, (240, 0, 0))
    model.update()
    until(lambda: model.is_current)
    assert bench.learner.fits[-1] == 5


def test_the_last_of_many_changes_is_learned_and_few_heads_are_fitted(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "GAP_S", 0.3)
    warm, _ = two_classes(bench)
    model = current(bench)
    for red in range(200, 230):
        bench.add(warm, (red, 0, 0))
        model.update()
    until(lambda: model.is_current)
    assert bench.learner.fits[-1] == 34
    assert len(bench.learner.fits) < 12


def test_a_slow_fit_takes_half_of_the_time_at_most(bench: Bench) -> None:
    bench.learner.fit_s = 0.1
    warm, _ = two_classes(bench)
    model, start = bench.begin(), time.monotonic()
    model.update()
    until(lambda: len(bench.learner.fits) > 0)
    bench.add(warm, (240, 0, 0))
    model.update()
    until(lambda: model.is_current)
    assert time.monotonic() - start >= 0.3  # a fit, a pause as long, a fit


def test_when_nothing_changes_for_a_while_it_finds_out_how_to_learn_best(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "CALM_S", 0.01)
    warm, _ = two_classes(bench)
    model = current(bench)
    until(lambda: model.notes == (Message("Studied."),))
    assert model.is_current
    studied = model.learned
    time.sleep(0.05)
    assert model.learned is studied, "once is enough"
    bench.add(warm, (240, 0, 0))
    model.update()
    until(lambda: model.learned is not studied)
    assert model.learned is not None
    learner = model.learned.learner
    assert isinstance(learner, Colours)
    assert studied is not None
    assert studied.fit is not None
    assert learner.like is studied.fit.head


def test_of_many_photos_some_say_how_all_are_learned(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "CALM_S", 0.01)
    monkeypatch.setattr(live, "MOST_STUDIED", 2)
    two_classes(bench)
    model = current(bench)
    until(lambda: bool(model.notes) and model.is_current)
    assert bench.learner.fits[-3:] == [4, 2, 4]


def test_another_name_needs_no_new_head(bench: Bench) -> None:
    warm, _ = two_classes(bench)
    model = current(bench)
    fits = len(bench.learner.fits)
    bench.project.rename(warm, "hot")
    model.update()
    until(lambda: model.is_current)
    found = model.look(encode(plain(RED), "PNG"), "try.png")
    assert found is not None
    assert (found.found.predictions[0].label, len(bench.learner.fits)) == ("hot", fits)


def test_a_photo_that_cannot_be_seen_is_set_aside_with_its_reason(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    two_classes(bench)
    bad = bench.project.photos[1]
    monkeypatch.setattr(
        bench.project, "read", lambda photo: b"gone bad" if photo.id == bad.id else encode(plain(RED), "PNG")
    )
    model = bench.begin()

    def keeps_up() -> bool:
        model.update()
        return model.is_current

    until(keeps_up)
    assert [photo.id for photo in bench.project.photos if photo.aside] == [bad.id]


def test_what_cannot_learn_says_why_and_tries_again(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    two_classes(bench)
    problems: list[ModelNotReadyError] = [ModelNotReadyError("It is not here.")]

    def learners(settings: Settings) -> Colours:
        if problems:
            raise problems[0]
        return bench.learner

    model = Live(bench.project, learners, bench.shelf, bench.lines)
    model.update()
    assert (model.problem, model.is_behind) == (problems[0], False)
    problems.clear()
    monkeypatch.setattr(live, "AGAIN_S", 0.0)
    model.update()
    until(lambda: model.is_current)
    assert model.problem is None


def test_whoever_shares_the_line_waits_for_two_photos_at_most(bench: Bench) -> None:
    warm, _ = two_classes(bench)
    bench.add(warm, *((red, 0, 0) for red in range(100, 120)))
    bench.learner.may_read.clear()
    model = bench.begin()
    model.update()
    assert bench.pool.waiting("a") <= live.AT_ONCE
    bench.learner.may_read.set()
    until(lambda: model.is_current)


def test_once_it_is_closed_nothing_is_written(bench: Bench) -> None:
    two_classes(bench)
    bench.learner.may_read.clear()
    model = bench.begin()
    model.update()
    threading.Timer(0.05, bench.learner.may_read.set).start()
    model.close()  # waits for what is being read
    folder = bench.project.folder / "colours"
    written = sorted(folder.iterdir()) if folder.is_dir() else []
    time.sleep(0.05)
    assert (sorted(folder.iterdir()) if folder.is_dir() else []) == written
    assert (bench.shelf.held_bytes, model.look(encode(plain(RED), "PNG"), "try.png")) == (0, None)


def test_those_that_nobody_uses_are_let_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now, projects, closed = [0.0], Projects(tmp_path), list[str]()

    class Closing(Live[Row, Means]):
        def close(self) -> None:
            closed.append(self.project.name)

    lines = Lines(*(Pool(1).line("a") for _ in range(3)))
    lives: Lives[Row, Means] = Lives(
        lambda project: Closing(project, lambda _: Colours(), Shelf(), lines), lambda: now[0]
    )
    monkeypatch.setattr(live, "MOST_LIVE", 2)
    first, second, third = (projects.begin(name) for name in ("first", "second", "third"))
    assert lives.get(first) is lives.get(first)
    lives.get(second), lives.get(first), lives.get(third)
    assert closed == ["second"]
    now[0] = live.UNUSED_S + 1
    lives.get(third)
    lives.sweep()
    assert (closed, len(lives)) == (["second", "first"], 1)
    lives.drop(third.id)
    assert (closed[-1], len(lives)) == ("third", 0)
