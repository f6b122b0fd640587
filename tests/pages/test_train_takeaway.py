"""Take it away, below the columns of the page Train."""

import shutil
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from lib.catalogue.comparing import Check
from lib.catalogue.exporting import Export, Form
from lib.errors import ModelFileError
from lib.messages import N_
from lib.projects.exporting import own_photos, project_of
from lib.projects.project import Project
from lib.projects.store import server_projects
from lib.ui.models.loaded import store
from lib.ui.train import takeaway
from tests.pages.conftest import html, press, run_until
from tests.support.pictures import encode, noise

SCRIPT = """
from lib.projects.store import server_projects
from lib.ui.language import translator
from lib.ui.train import takeaway
takeaway.draw(translator(), server_projects().find({id!r}))
"""
TINY = Path(__file__).resolve().parents[1] / "models" / "float32"


@pytest.fixture
def project() -> Project:
    """Return a project of five photos of each of two classes, and its finished model, which is in float32."""
    made = server_projects().begin("Colours")
    for seed, name in enumerate(("red", "green")):
        klass = made.add_class(name).id
        for photo in range(5):
            made.add(klass, f"{name}-{photo}.png", encode(noise(12, 8, 10 * seed + photo), "PNG"))
    model = store().free_id("float32")
    shutil.copytree(TINY, store().models / model)
    card = store().models / model / "model.toml"
    card.write_text(card.read_text(encoding="utf-8").replace('id = "float32"', f'id = "{model}"'), encoding="utf-8")
    made.set_model(model)
    return made


def opened(project: Project) -> AppTest:
    test = AppTest.from_string(SCRIPT.format(id=project.id), default_timeout=60).run()
    assert not test.exception
    return test


def labels(test: AppTest) -> list[str]:
    return [button.label for button in test.button]


def test_as_long_as_no_model_is_finished_there_is_nothing_to_take(project: Project) -> None:
    project.set_model(None)
    assert not opened(project).subheader


def test_what_passes_is_offered_and_what_does_not_says_why(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    weights = store().models / str(project.model) / "model.tflite"
    check = Check(photos=20, same=19, largest=0.125, labelled=20, right=18, lost=0, gained=0, are_unseen=True)

    def make(exporter: object, form: Form) -> Export:
        if form is Form.DYNAMIC:
            raise ModelFileError(N_("{file} could not be read."), file="<it>")
        return Export(form, weights, f"mine-{form}", weights.stat().st_size, check)

    monkeypatch.setattr("lib.catalogue.exporting.Exporter.make", make)
    test = opened(project)
    assert labels(test) == ["Code for a web page", "Make the LiteRT formats", "Make the Keras file"]
    press(test, "Make the LiteRT formats")
    run_until(test, lambda: "LiteRT int8" in html(test))
    told = html(test)
    assert "LiteRT float32" not in told, "the model itself is in float32"
    assert "Right: 90% · same answers as float32: 95% · largest change of a probability: 0.12" in told
    assert "Not offered." in told
    assert "&lt;it&gt; could not be read." in told
    assert [caption.value for caption in test.caption][-1] == "Compared on 20 photos that were held out."
    assert labels(test) == ["Code for a web page", "Make the Keras file"]
    assert len(test.get("download_button")) == 4, "the zip, and three formats"


def test_formats_of_an_earlier_model_are_not_offered(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    refused = ModelFileError(N_("{file} could not be read."), file="x")
    monkeypatch.setattr(takeaway, "make_each", lambda exporter, forms, step: dict.fromkeys(forms, refused))
    test = opened(project)
    press(test, "Make the LiteRT formats")
    run_until(test, lambda: "Make the LiteRT formats" not in labels(test))
    with (store().models / str(project.model) / "model.tflite").open("ab") as file:
        file.write(b"\0")  # behind the end; the model still runs
    assert "Make the LiteRT formats" in labels(test.run())


def test_own_photos_are_those_held_out(project: Project) -> None:
    folder = store().open_folder(str(project.model))
    found = own_photos(project, folder)
    assert len(found.calibration) + len(found.check) == 10
    assert set(found.labels) <= {0, 1}, "red and green are the model's first classes"
    assert not found.are_unseen, "its card does not say that any were held out"
    assert project_of(folder, server_projects()) == project, "so the command line finds them, too"
