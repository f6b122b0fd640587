"""What is learnt of features: by which view, how sure, how good, and what is unfamiliar."""

from collections.abc import Sequence

import numpy as np
import pytest

from lib.formats.graft import Pooling
from lib.training import heads
from lib.training.discriminant import Floats, Ints
from lib.training.features import PLAIN, Features, Pose, View
from lib.training.heads import Fitted, HeadSettings, fit, log_losses, sureness

WHOLE, QUARTERS = View(Pooling.WHOLE, PLAIN), View(Pooling.QUARTERS, PLAIN)
SQUARE, MIRRORED = (View(Pooling.WHOLE, pose) for pose in (Pose("square"), Pose(is_mirrored=True)))


def clusters(count: int, classes: int, *, spread: float, seed: int, length: int = 30) -> Floats:
    """Return rows of length 1, in turn of each class."""
    rng = np.random.default_rng(seed)
    made = np.eye(classes, length)[np.arange(count) % classes] + rng.normal(0, spread, (count, length))
    return np.asarray(made / np.linalg.norm(made, axis=1, keepdims=True))


def photos(**rows: Floats) -> list[Features]:
    views = {"whole": WHOLE, "quarters": QUARTERS, "square": SQUARE, "mirrored": MIRRORED}
    count = len(next(iter(rows.values())))
    return [Features({views[name]: made[k].astype(np.float16) for name, made in rows.items()}) for k in range(count)]


def labels(count: int, classes: int) -> list[int]:
    return [k % classes for k in range(count)]


def learnt(features: Sequence[Features], of: Sequence[int], classes: int, **more: object) -> Fitted:
    found = fit(features, of, classes, **more)  # type: ignore[arg-type]
    assert found is not None
    return found


def test_what_can_be_told_apart_is_and_new_photos_are_answered() -> None:
    found = learnt(photos(whole=clusters(60, 3, spread=0.1, seed=0)), labels(60, 3), 3)
    assert found.by == "five folds"
    assert found.accuracy is not None
    assert (found.accuracy.count, found.accuracy.total) == (60, 60)
    for label, photo in enumerate(photos(whole=clusters(3, 3, spread=0.1, seed=1))):
        probabilities = found.probabilities(photo)
        assert probabilities.argmax() == label
        assert probabilities.sum() == pytest.approx(1)


def test_of_one_photo_a_class_nothing_is_said() -> None:
    found = learnt(photos(whole=(made := clusters(2, 2, spread=0.1, seed=0)), quarters=made), [0, 1], 2)
    assert (found.accuracy, found.said) == (None, ())


def test_one_class_is_not_enough_and_a_class_without_photos_has_no_chance() -> None:
    made = photos(whole=clusters(6, 2, spread=0.1, seed=0))
    assert fit(made[:1], [0], 2) is None
    assert fit([], [], 2) is None
    found = learnt(made, [2, 0] * 3, 3)
    assert found.known == (0, 2)
    assert found.probabilities(made[0])[1] == 0
    assert found.probabilities(made[0]).argmax() == 2


def test_the_very_first_two_photos_make_a_model_without_an_accuracy() -> None:
    made = photos(whole=clusters(2, 2, spread=0.1, seed=0))
    found = learnt(made, [0, 1], 2)
    assert found.accuracy is None
    assert np.isnan(found.out_of_fold).all()
    assert found.familiarity(made[0]) is None
    assert [int(found.probabilities(photo).argmax()) for photo in made] == [0, 1]


def test_below_twenty_photos_a_class_each_is_left_out_by_itself() -> None:
    assert learnt(photos(whole=clusters(38, 2, spread=0.3, seed=0)), labels(38, 2), 2).by == "leave-one-out"
    assert learnt(photos(whole=clusters(40, 2, spread=0.3, seed=0)), labels(40, 2), 2).by == "five folds"


@pytest.mark.parametrize("count", [20, 60])
def test_photos_of_one_group_are_left_out_together(count: int) -> None:
    # Pure noise, each photo twice: whoever sees the twin knows the answer, and without it nobody does.
    rng = np.random.default_rng(0)
    once = rng.normal(0, 1, (count // 2, 30))
    made = np.repeat(once / np.linalg.norm(once, axis=1, keepdims=True), 2, axis=0)
    of = [int(k) for k in np.repeat(rng.permutation(count // 2) % 2, 2)]
    alone = learnt(photos(whole=made), of, 2)
    together = learnt(photos(whole=made), of, 2, groups=[f"burst {k // 2}" for k in range(count)])
    assert alone.accuracy is not None
    assert alone.accuracy.value > 0.8
    assert together.accuracy is not None
    assert together.accuracy.value < 0.75


def test_five_folds_split_no_group_and_take_a_fifth_of_each_class() -> None:
    of = np.array(labels(100, 2))
    groups = np.arange(100) // 4
    folds = heads._five_folds(of, groups, seed=0)
    assert all(len(set(folds[groups == group])) == 1 for group in groups)
    counts = [np.bincount(folds[of == label], minlength=5) for label in (0, 1)]
    assert np.array_equal(counts, np.full((2, 5), 10))
    assert not np.array_equal(folds, heads._five_folds(of, groups, seed=1))


def test_more_photos_than_fit_are_left_out_of_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heads, "MOST_AT_ONCE", 30)
    found = learnt(photos(whole=clusters(100, 2, spread=0.2, seed=0)), labels(100, 2), 2)
    assert found.accuracy is not None
    assert found.accuracy.total == 100
    assert found.accuracy.value > 0.9


def test_quarters_are_taken_where_they_clearly_help_and_only_there() -> None:
    vague, clear = clusters(60, 3, spread=0.5, seed=0), clusters(60, 3, spread=0.1, seed=1)
    helped = learnt(photos(whole=vague, quarters=clear), labels(60, 3), 3)
    assert helped.head.kind.pooling is Pooling.QUARTERS
    assert "four parts of each photo one by one: 60 of 60 right" in str(helped.said[0])
    same = learnt(photos(whole=clear, quarters=clear), labels(60, 3), 3)
    assert same.head.kind.pooling is Pooling.WHOLE
    assert "as one: 60 of 60 right. Four parts do not clearly help (60)" in str(same.said[0])
    asked = learnt(photos(whole=clear, quarters=clear), labels(60, 3), 3, settings=HeadSettings(pooling="2x2"))
    assert asked.head.kind.pooling is Pooling.QUARTERS
    assert asked.said == ()
    without = learnt(photos(whole=clear), labels(60, 3), 3, settings=HeadSettings(pooling="2x2"))
    assert without.head.kind.pooling is Pooling.WHOLE
    assert "this network has nothing else" in str(without.said[0])


def test_the_square_and_mirrored_photos_likewise() -> None:
    vague, clear = clusters(60, 3, spread=0.5, seed=0), clusters(60, 3, spread=0.1, seed=1)
    helped = learnt(photos(whole=vague, square=clear), labels(60, 3), 3)
    assert helped.head.kind.look == "square"
    assert "the middle square of each photo: 60 of 60 right" in str(helped.said[0])
    # Of few photos more rows of the same kind tell more.
    mirrored = clusters(60, 3, spread=0.5, seed=2)
    more = learnt(photos(whole=vague, mirrored=mirrored), labels(60, 3), 3, settings=HeadSettings(mirror="on"))
    assert more.head.kind.is_mirrored
    never = learnt(photos(whole=vague, mirrored=mirrored), labels(60, 3), 3, settings=HeadSettings(mirror="off"))
    assert not never.head.kind.is_mirrored
    assert never.said == ()


def test_the_temperature_lowers_the_log_loss_and_is_the_best_there_is() -> None:
    rng = np.random.default_rng(0)
    of: Ints = rng.integers(0, 3, 200)
    logits = 30 * (np.eye(3)[of] + rng.normal(0, 0.7, (200, 3)))  # far too sure
    factor = sureness(logits, of)
    least = log_losses(factor * logits, of).mean()
    assert least < log_losses(logits, of).mean()
    assert all(least <= log_losses(factor * other * logits, of).mean() + 1e-4 for other in (0.8, 0.9, 1.1, 1.25))


def test_a_model_that_is_always_right_is_not_endlessly_sure() -> None:
    of = np.array(labels(10, 2))
    logits = np.eye(2)[of]
    # Half a photo of 11 counts as wrong: odds of 10.5 to 0.5 are best, log 21 = 3.04.
    assert sureness(logits, of) == pytest.approx(np.log(21), rel=1e-3)


def test_log_losses() -> None:
    assert log_losses(np.array([[0.0, 0.0], [np.log(3), 0.0]]), np.array([0, 1])) == pytest.approx(np.log([2, 4]))


def test_out_of_fold_answers_are_probabilities_of_each_photo() -> None:
    found = learnt(photos(whole=clusters(20, 2, spread=0.3, seed=0)), labels(20, 2), 3)
    assert found.out_of_fold.shape == (20, 3)
    assert found.out_of_fold.sum(axis=1) == pytest.approx(np.ones(20))
    assert (found.out_of_fold[:, 2] == 0).all()


def test_photos_unlike_all_classes_are_unfamiliar() -> None:
    found = learnt(photos(whole=clusters(40, 2, spread=0.05, seed=0)), labels(40, 2), 2)

    def is_unfamiliar(photo: Features) -> bool:
        told = found.familiarity(photo)
        assert told is not None
        assert told.threshold == found.threshold
        return told.is_unfamiliar

    known = photos(whole=clusters(40, 2, spread=0.05, seed=1))
    assert sum(map(is_unfamiliar, known)) <= 8
    others = photos(whole=np.roll(clusters(40, 2, spread=0.05, seed=2), 5, axis=1))
    assert all(map(is_unfamiliar, others))


@pytest.mark.parametrize(("count", "place"), [(20, 0), (40, 1)])
def test_nineteen_in_twenty_photos_are_as_near_to_the_mean_of_the_others(count: int, place: int) -> None:
    made = clusters(count, 2, spread=0.2, seed=0).astype(np.float16).astype(np.float64)
    groups = [0, 1, 0, 1, *range(2, count - 2)]
    found = learnt(photos(whole=made), labels(count, 2), 2, groups=groups)
    cosines = []
    for k in range(count):
        mean = np.mean([made[j] for j in range(k % 2, count, 2) if groups[j] != groups[k]], axis=0)
        cosines.append(made[k] @ mean / np.linalg.norm(mean) / np.linalg.norm(made[k]))
    assert found.threshold == pytest.approx(sorted(cosines)[place], abs=1e-6)


def test_of_fewer_than_nineteen_photos_nothing_is_unfamiliar() -> None:
    assert learnt(photos(whole=clusters(18, 2, spread=0.2, seed=0)), labels(18, 2), 2).threshold is None


def test_the_order_of_the_photos_makes_no_difference() -> None:
    made, of = photos(whole=clusters(30, 3, spread=0.3, seed=0)), labels(30, 3)
    one, other = learnt(made, of, 3), learnt(made[::-1], of[::-1], 3)
    assert one.head.weight == pytest.approx(other.head.weight, abs=1e-3 * float(np.abs(one.head.weight).max()))
