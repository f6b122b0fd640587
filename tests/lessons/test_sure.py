"""The lines that one moves are those of the verdict, and the question asks for what the verdict says."""

import re
from dataclasses import replace

import numpy as np
import pytest

from lib.classify.infer import Settings, conclude, infer
from lib.lessons import sure
from lib.lessons.bench import Bench
from lib.photos.samples import find_samples
from lib.photos.source import Source
from lib.results import Answer, Classification, VerdictKind
from lib.verdict import RATIO, Thresholds, percent


def answers(bench: Bench) -> list[Answer]:
    """Return what the starter says of the samples, by the road that every page takes."""
    model = bench.model(sure.MODEL)
    files = [Source.of_bytes(sample.path.read_bytes(), sample.name) for sample in find_samples()[:6]]
    found = [infer(file, model.classifier) for file in files]
    assert all(isinstance(one, Answer) for one in found)
    return found  # type: ignore[return-value]


@pytest.mark.parametrize("place", [0, 9, 17])
def test_moving_the_floor_gives_the_verdicts_of_the_page_classify(bench: Bench, place: int) -> None:
    html = sure.LESSON.steps[0].scene(bench, {"floor": str(place)}).html
    settings = Settings(thresholds=Thresholds(RATIO, sure.FLOORS[place]), familiar=-1e9)
    labels = bench.model(sure.MODEL).labels
    wanted = [str(conclude(answer, labels, settings).verdict.kind) for answer in answers(bench)]
    assert re.findall(r'data-verdict="(\w+)"', html) == wanted
    assert f"Clear: {wanted.count('clear')} of 6" in html


def test_moving_the_ratio_gives_the_verdicts_of_the_page_classify(bench: Bench) -> None:
    html = sure.LESSON.steps[1].scene(bench, {"ratio": "0"}).html
    settings = Settings(thresholds=Thresholds(sure.RATIOS[0], 0.05), familiar=-1e9)
    labels = bench.model(sure.MODEL).labels
    wanted = [str(conclude(answer, labels, settings).verdict.kind) for answer in answers(bench)]
    assert re.findall(r'data-verdict="(\w+)"', html) == wanted


def test_the_line_for_the_unfamiliar_begins_where_the_model_has_it_and_catches_all_at_its_end(bench: Bench) -> None:
    step = sure.LESSON.steps[2]
    scene = step.scene(bench, {})
    (control,) = scene.controls
    novelty = bench.model(sure.MODEL).spec.novelty
    assert float(control.shown[control.at]) == pytest.approx(novelty.threshold, abs=0.05)
    lowest, highest = (step.scene(bench, {"familiar": str(at)}).html for at in (0, len(control.shown) - 1))
    assert lowest.count("data-unfamiliar") == 0
    assert highest.count("data-unfamiliar") == 6


def test_which_photos_stay_clear_at_ninety_percent_is_what_the_verdict_says(bench: Bench) -> None:
    question = sure.LESSON.steps[-1].ask(bench)
    settings = Settings(thresholds=Thresholds(RATIO, sure.ASKED[0]), familiar=-1e9)
    labels = bench.model(sure.MODEL).labels
    found = [conclude(answer, labels, settings).verdict for answer in answers(bench)]
    clear = {bench.pictures[k].name for k, one in enumerate(found) if one.kind is VerdictKind.CLEAR}
    right = next(option for option in question.options if option.is_right)
    assert set(right.text.split(", ")) == clear
    assert all(np.isfinite(one.winner.probability) for one in found)


def test_every_photo_that_is_asked_about_shows_its_winners_share(bench: Bench) -> None:
    shown = sure.LESSON.steps[-1].ask(bench).html
    found = sure.kinds(bench, list(bench.pictures), Settings(familiar=-1e9))
    line, far = sure.decided(found)
    assert re.findall(r"</b> (\S+%)</p>", shown) == [percent(found[k].verdict.winner.probability) for k in far]
    assert shown.count("<img") == len(far)
    assert line == sure.ASKED[0]


def test_a_share_near_the_line_is_not_asked_about(bench: Bench) -> None:
    found = sure.kinds(bench, list(bench.pictures[:2]), Settings(familiar=-1e9))

    def at(*shares: float) -> tuple[float, list[int]]:
        moved = [with_share(one, share) for one, share in zip(found, shares, strict=True)]
        return sure.decided(moved)

    assert at(0.896, 0.95) == (0.9, [1])
    assert at(0.904, 0.896) == (0.8, [0, 1])


def with_share(one: Classification, share: float) -> Classification:
    winner = replace(one.verdict.winner, probability=share)
    return replace(one, verdict=replace(one.verdict, winner=winner))
