"""A page of generated code in Chromium, and the model it should agree with."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import Page, expect

from lib.classify.infer import pixels_needed
from lib.classify.opening import open_classifier
from lib.classify.outputs import softmax
from lib.classify.preprocess import resize
from lib.datasets.groups import groups_of
from lib.embed import Options, Target, mobilenets
from lib.embed.mobilenets import TfjsMobilenet
from lib.i18n import Translator
from lib.model.spec import ModelFolder
from lib.photos.opening import open_photo
from lib.results import Familiarity, Prediction
from lib.verdict import explain, judge, judge_groups, percent, rank
from tests.embed import mobilenet_graph
from tests.embed.mobilenet_graph import Layer
from tests.embed.site import Site

WATCH = Path(__file__).with_name("watch.js")
TYPES = {
    ".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".bmp": "image/bmp", ".webp": "image/webp"
}  # fmt: skip

Predict = Callable[[Path], NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class Answered:
    """What a page said of a photo.

    Attributes:
        probabilities: Shape (K,), in the order of `labels`.
        labels: K names.
        familiarity: The score that tells whether the photo is unfamiliar; None where the code has none.
    """

    probabilities: NDArray[np.float64]
    labels: tuple[str, ...]
    familiarity: float | None = None

    @property
    def winner(self) -> str:
        """Return the likeliest class."""
        return self.labels[int(self.probabilities.argmax())]

    @property
    def margin(self) -> float:
        """Return p1 - p2."""
        second, first = np.sort(self.probabilities)[-2:]
        return float(first - second)


class Opened:
    """A page of generated code.

    Args:
        page: The browser's page, empty.
        site: Serves the generated files.
        options: What the code was generated for.
        path: Of the page on the site.
    """

    def __init__(self, page: Page, site: Site, options: Options, path: str = "") -> None:
        self.page, self.site, self.options = page, site, options
        self.errors: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.add_init_script(path=WATCH)
        page.goto(path if path.startswith("file:") else site.address + path)
        self.status = page.get_by_role("status")
        self.items = page.locator("ol > li, tbody > tr")
        self.retry = page.locator(".retry")

    @property
    def model_path(self) -> str:
        """Return where the model's first file is on the site."""
        return unquote(self.options.model_address).lstrip("/")

    def pick(self, name: str, content: bytes) -> None:
        """Choose a photo."""
        kind = TYPES.get(Path(name).suffix.lower(), "application/octet-stream")
        picker = self.page.locator("input[type=file]")
        picker.set_input_files({"name": name, "mimeType": kind, "buffer": content})

    def press(self, name: str) -> None:
        """Press the button that is called `name` in English."""
        self.page.get_by_role("button", name=Translator(self.options.language)(name), exact=True).click()

    def answers(self) -> int:
        """Return how many answers there were."""
        return int(self.page.evaluate("window.answers.length"))

    def classify(self, name: str, content: bytes) -> Answered:
        """Choose a photo, wait for the answer, and check that the page shows what Python makes of its numbers."""
        before = self.answers()
        self.pick(name, content)
        return self.wait_for(before)

    def wait_for(self, before: int) -> Answered:
        """Return the answer after the first `before`, once the page shows it as Python would put it."""
        self.page.wait_for_function("(n) => window.answers.length > n", arg=before, timeout=20_000)
        last = self.page.evaluate("window.answers.at(-1)")
        answered = Answered(np.array(last["probabilities"]), tuple(last["labels"]), last["familiarity"])
        self.check_shown(answered, last["kind"], last["unfamiliar"])
        return answered

    def check_shown(self, answered: Answered, kind: str, unfamiliar: bool | None) -> None:
        """Compare the page with what `lib.verdict` says of the same probabilities."""
        assert abs(answered.probabilities.sum() - 1) < 1e-9
        verdict = judge(answered.probabilities, answered.labels, self.options.thresholds)
        assert kind == verdict.kind
        say = Translator(self.options.language)
        groups = groups_of(answered.labels)
        group = None
        if groups is not None:
            group = judge_groups(answered.probabilities, answered.labels, groups, self.options.thresholds)
        assert groups or not isinstance(self.options.model, TfjsMobilenet), "its labels come in ImageNet's order"
        told, familiarity = self.options.novelty, None
        if told is not None and answered.familiarity is not None:
            familiarity = Familiarity(told.method, answered.familiarity, told.threshold, told.hint)
        assert unfamiliar == (None if familiarity is None else familiarity.is_unfamiliar)
        expect(self.status).to_have_text(say.message(explain(verdict, group, familiarity)))
        self.check_listed(rank(answered.probabilities, answered.labels, top=self.options.top))

    def check_listed(self, predictions: tuple[Prediction, ...]) -> None:
        """Compare the list of classes: the element leaves out what is 0%, the page of the target `module` has none."""
        if self.options.target is Target.MODULE:
            return
        is_element = self.options.target is Target.SCRIPT
        shown = [p for p in predictions if p.probability > 0 or not is_element]
        gap = "" if is_element else " "  # between two cells there is none
        expect(self.items).to_have_text([f"{p.label}{gap}{percent(p.probability)}" for p in shown])

    def tensors(self) -> int | None:
        """Return how many tensors are alive; None before an engine is loaded."""
        found: int | None = self.page.evaluate("window.countTensors()")
        return found


def predictor(model: ModelFolder | TfjsMobilenet, layers: tuple[Layer, ...]) -> Predict:
    """Return what Python, by its own road from file to probabilities, says of a photo."""
    if isinstance(model, ModelFolder):
        classifier = open_classifier(model, workers=1)
        at_least = pixels_needed(classifier)

        def by_litert(photo: Path) -> NDArray[np.float64]:
            image = open_photo(photo.read_bytes(), photo.name, at_least=at_least)
            return classifier.run(classifier.prepare(image)).probabilities

        return by_litert

    def by_numpy(photo: Path) -> NDArray[np.float64]:
        pixels = np.asarray(resize(open_photo(photo.read_bytes(), photo.name), mobilenets.INPUT), np.float32)
        return softmax(mobilenet_graph.run(layers, pixels / 255)[1:].astype(np.float64))

    return by_numpy
