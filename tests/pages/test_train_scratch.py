"""The section "From scratch" of the page Train, with the training itself played by a stand-in."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from lib.errors import Cancelled
from lib.projects.project import Project
from lib.projects.store import server_projects
from lib.training import queued
from lib.training.events import TrainEvent
from lib.training.launch import BEST, TrainResult
from lib.training.options import TrainOptions
from lib.training.timing import Measured, Pace
from lib.ui.style import plain
from tests.support.pictures import encode, noise

PATIENCE_S = 10.0


def section(project_id: str, language: str) -> None:
    from lib.i18n import Translator
    from lib.projects.store import server_projects
    from lib.ui.train import scratch

    project = server_projects().find(project_id)
    assert project is not None
    scratch.draw(Translator(language), project)


def show(project: Project, language: str = "en") -> AppTest:
    test = AppTest.from_function(section, args=(project.id, language), default_timeout=60).run()
    assert not test.exception
    return test


def words(test: AppTest) -> str:
    assert not test.exception
    return "\n".join(str(one.value) for part in ("markdown", "caption", "info", "warning", "error", "success")
                     for one in test.get(part))  # fmt: skip


def button(test: AppTest, label: str) -> None:
    next(one for one in test.button if one.label == label).click().run()


@pytest.fixture
def project(own_home: None) -> Project:
    project = server_projects().begin("Pets")
    for number, name in enumerate(("cat", "dog")):
        klass = project.add_class(name)
        for seed in range(5):
            project.add(klass.id, f"{seed}.png", encode(noise(40, 30, 10 * number + seed), "PNG"))
    return project


class Trainer:
    """Stands for the worker: an epoch that gets worse on held-out photos for ever, until it is let finish."""

    def __init__(self) -> None:
        self.has_begun, self.go_on = threading.Event(), threading.Event()

    def train(
        self, options: TrainOptions, *, on_event: Callable[[TrainEvent], None], cancelled: threading.Event
    ) -> TrainResult:
        assert options.work is not None
        (options.work / options.run_key()).mkdir(exist_ok=True)
        (options.work / options.run_key() / BEST).write_bytes(b"weights")
        on_event(TrainEvent("fit", low=60.0, high=170.0))
        for number in range(1, 6):
            held_out = {"val_loss": 0.5 + number / 10, "val_accuracy": 0.6, "best_epoch": min(number, 2)}
            figures = {"step": number, "steps": 1, "size": 96, "loss": 1 / number, "accuracy": 0.9, **held_out}
            on_event(TrainEvent("fit", epoch=number, epochs=30, **figures))  # type: ignore[arg-type]
        self.has_begun.set()
        while not self.go_on.wait(0.01):
            if cancelled.is_set():
                raise Cancelled
        return TrainResult("pets-from-scratch", options.work, 0.6, {}, (), ())


@pytest.fixture
def trainer(monkeypatch: pytest.MonkeyPatch) -> Iterator[Trainer]:
    one = Trainer()
    monkeypatch.setattr(queued, "train", one.train)
    monkeypatch.setattr(
        queued, "keep_best", lambda options, cancelled: TrainResult("pets-from-scratch", Path(), 0.6, {}, (), ())
    )
    yield one
    one.go_on.set()


def test_a_project_without_photos_is_told_what_is_missing(own_home: None) -> None:
    test = show(server_projects().begin())
    assert "First give at least two classes two photos each" in words(test)
    assert "Start" not in [one.label for one in test.button]


@pytest.mark.parametrize(
    ("language", "title"), [("en", "From scratch"), ("ko", "처음부터 학습"), ("ja", "ゼロから学習")]
)
def test_what_there_is_to_learn_from_is_counted(project: Project, language: str, title: str) -> None:
    test = show(project, language)
    assert test.expander[0].label == title
    assert not test.expander[0].proto.expanded
    if language == "en":
        assert "8 photos to learn from, 2 held out. That is few" in words(test)


def test_the_time_is_measured_before_it_starts(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queued, "_PACES", {})
    monkeypatch.setattr(queued, "measure", lambda options, cancelled: Measured(Pace((100.0, 100.0), 0.0), 8, 2))
    test = show(project)
    button(test, "Measure it")
    job = queued.Bench(project.id, project.folder / "scratch").estimate
    assert job is not None
    assert job.wait(PATIENCE_S)
    assert "measured on this machine." in words(test.run())


def test_it_is_watched_cancelled_kept_and_taken_up_again(project: Project, trainer: Trainer) -> None:
    test = show(project)
    button(test, "Start")
    assert trainer.has_begun.wait(PATIENCE_S)
    other = show(project)  # another browser, or the same after a reload
    told = words(other)
    assert other.expander[0].proto.expanded
    assert plain("About 1 to 3 minutes, measured on this machine.") in told
    assert "After epoch 5: 60% of the held-out photos right. The best so far was epoch 2." in told
    assert "learning its photos by heart" in told
    button(other, "Cancel")
    bench = queued.Bench(project.id, project.folder / "scratch")
    assert bench.keeping is not None
    assert bench.keeping.wait(PATIENCE_S)
    told = words(test.run())
    assert "Cancelled. The best so far is kept as a model." in told
    assert project.manifest.models == ("pets-from-scratch",), "it goes with the project"
    trainer.go_on.set()
    button(test, "Resume")
    assert bench.job is not None
    assert bench.job.wait(PATIENCE_S)
    assert "The training is finished." in words(test.run())


def test_with_other_photos_it_begins_anew_with_what_was_chosen(project: Project, trainer: Trainer) -> None:
    test = show(project)
    test.selectbox[0].select("small").run()
    test.selectbox[1].select(96).run()
    test.number_input[0].set_value(7)
    button(test, "Start")
    assert trainer.has_begun.wait(PATIENCE_S)
    button(show(project), "Cancel")
    bench = queued.Bench(project.id, project.folder / "scratch")
    assert bench.keeping is not None
    assert bench.keeping.wait(PATIENCE_S)
    project.add(project.classes[0].id, "more.png", encode(noise(40, 30, 77), "PNG"))
    labels = [one.label for one in test.run().button]
    assert "Resume" not in labels
    assert "Start" in labels
    for shown in (test, show(project)):
        assert [shown.selectbox[0].value, shown.selectbox[1].value, shown.number_input[0].value] == ["small", 96, 7]


def test_who_deletes_a_project_while_it_is_trained_leaves_nothing(project: Project, trainer: Trainer) -> None:
    test = show(project)
    button(test, "Start")
    assert trainer.has_begun.wait(PATIENCE_S)
    left = server_projects().delete(project.id)
    assert (left.photos, left.models, left.jobs, left.files) == (0, 0, 0, 0)
    assert not project.folder.exists()
