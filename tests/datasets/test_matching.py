"""Names of classes: what is found, what is asked, what is known to be absent, and what models have in common."""

import time
from pathlib import Path

import pytest

from lib.datasets.groups import everyday, meanings
from lib.datasets.matching import (
    Basis,
    How,
    common_names,
    distinct_names,
    explain_basis,
    explain_undecided,
    match,
    near_certain,
    shared_classes,
    suggestions,
)
from lib.model.imagenet import imagenet, is_imagenet, normalise

ROOT = Path(__file__).resolve().parents[2]
STARTER = tuple((ROOT / "models" / "starter-scratch" / "labels.txt").read_text(encoding="utf-8").splitlines())
LONG = tuple(", ".join(names) for _, names in imagenet())  # "tench, Tinca tinca"
SHORT = tuple(names[0].replace(" ", "_") for _, names in imagenet())  # "tench", "great_white_shark"
PETS = ("cat", "dog", "hamster")


def found(name: str, labels: tuple[str, ...]) -> tuple[tuple[int, ...], How]:
    matching = match([name], labels)
    return matching.targets[0], matching.how[0]


@pytest.mark.parametrize(
    ("name", "labels", "targets", "how"),
    [
        pytest.param("cat", PETS, (0,), How.NAME, id="exact"),
        pytest.param("CAT", PETS, (0,), How.NAME, id="case"),
        pytest.param("golf_ball", STARTER, (9,), How.NAME, id="underscore"),
        pytest.param("golf-ball", STARTER, (9,), How.NAME, id="hyphen"),
        pytest.param("cafe\u0301", ("café",), (0,), How.NAME, id="accents however they are written"),
        pytest.param("cats", PETS, (), How.UNDECIDED, id="a plural is asked about"),
        pytest.param("Tinca tinca", LONG, (0,), How.SYNONYM, id="synonym of the label"),
        pytest.param("Tinca tinca", SHORT, (0,), How.SYNONYM, id="synonym the label file lacks"),
        pytest.param("n02123045", LONG, (281,), How.WNID, id="WordNet id"),
        pytest.param("n02123045", ("dog", "n02123045"), (1,), How.WNID, id="labels that are WordNet ids"),
        pytest.param("n99999999", LONG, (), How.UNDECIDED, id="unknown WordNet id"),
        pytest.param("missile", LONG, (657,), How.NAME, id="the first name wins over another's synonym"),
        pytest.param("grass snake", LONG, (), How.UNDECIDED, id="a synonym of two classes"),
        pytest.param("crane", LONG, (), How.UNDECIDED, id="a label of two classes"),
        pytest.param("cat", SHORT, (281, 282, 283, 284, 285), How.MEANING, id="by the shipped map"),
        pytest.param("panda", LONG, (388,), How.MEANING, id="giant, not lesser, panda"),
        pytest.param("rose", LONG, (), How.ABSENT, id="the map says there is none"),
        pytest.param("n02123045", STARTER, (4,), How.MEANING, id="a tabby is a cat"),
        pytest.param("Egyptian_cat", STARTER, (4,), How.MEANING, id="by ImageNet's name"),
        pytest.param("n01440764", STARTER, (), How.ABSENT, id="none of the twenty is a fish"),
        pytest.param("n02123045", PETS, (0,), How.MEANING, id="a tabby is a cat to any model"),
        pytest.param("bird", SHORT, meanings()["bird"], How.MEANING, id="a group"),
        pytest.param("개", LONG, tuple(range(151, 269)), How.MEANING, id="in Korean"),
        pytest.param("犬", LONG, tuple(range(151, 269)), How.MEANING, id="in Japanese"),
        pytest.param("비행기", LONG, (404, 895), How.MEANING, id="one of the twenty in Korean"),
        pytest.param("cup", LONG, (504, 968), How.MEANING, id="any cup, though one label is spelt so"),
        pytest.param("coffee mug", LONG, (504,), How.NAME, id="a label that is no everyday word"),
        pytest.param("bear", LONG, (294, 295, 296, 297), How.MEANING, id="narrower than its group"),
        pytest.param("건물", LONG, (), How.ABSENT, id="the map says there is none, in Korean too"),
        pytest.param("n02102040", ("개", "고양이"), (0,), How.MEANING, id="a springer is a Korean model's dog"),
        pytest.param("n02102040", ("spaniel", "animal"), (), How.UNDECIDED, id="no far-fetched word"),
        pytest.param("n02342885", PETS, (2,), How.SYNONYM, id="hamster by WordNet id"),
        pytest.param("n01440764", PETS, (), How.UNDECIDED, id="unknown whether a pet is a fish"),
    ],
)
def test_match(name: str, labels: tuple[str, ...], targets: tuple[int, ...], how: How) -> None:
    assert found(name, labels) == (targets, how)


def test_every_breed_is_a_dog() -> None:
    targets, how = found("dog", LONG)
    assert (len(targets), LONG[targets[0]], LONG[targets[-1]]) == (118, "Chihuahua", "Mexican hairless")
    assert how is How.MEANING


def test_translated_names_count_too() -> None:
    assert match(["고양이"], PETS, also=[("고양이", "개", "햄스터")]).targets == ((0,),)


@pytest.mark.parametrize(
    ("classes", "cup"),
    [
        (("cup", "dog"), (504, 968)),
        (("cup", "coffee mug", "dog"), (968,)),
        (("cup", "n03063599"), (504, 968)),
    ],
)
def test_cup_is_any_cup_unless_the_photos_tell_cups_apart_by_name(
    classes: tuple[str, ...], cup: tuple[int, ...]
) -> None:
    assert match(classes, LONG).targets[0] == cup


def test_labels_of_imagenet_mean_themselves_where_all_are_there() -> None:
    names = tuple(dict.fromkeys(LONG))
    matching = match(names, LONG)
    for name, targets in zip(names, matching.targets, strict=True):
        assert targets == () or LONG[targets[0]] == name
        assert len(targets) <= 1


def test_a_word_that_is_a_label_takes_that_class_in() -> None:
    for word, indices in meanings().items():
        if alike := [index for index, label in enumerate(LONG) if normalise(label) == word]:
            assert set(alike) <= set(indices)


def test_what_is_not_found_comes_with_suggestions() -> None:
    matching = match(["cats", "zzz", "dog"], PETS)
    assert matching.undecided == ("cats", "zzz")
    assert (suggestions("cats", PETS), suggestions("zzz", PETS)) == (("cat",), ())
    assert matching.targets == ((), (), (1,))


def test_what_means_two_things_is_asked_with_both() -> None:
    assert suggestions("crane", SHORT) == ("crane (n02012849)", "crane (n03126707)")


@pytest.mark.parametrize(
    ("choice", "targets", "how"),
    [
        pytest.param("dog", (1,), How.CHOSEN, id="a label"),
        pytest.param(("cat", "dog"), (0, 1), How.CHOSEN, id="several"),
        pytest.param(None, (), How.ABSENT, id="left out"),
        pytest.param("tabby, tabby cat", (0,), How.CHOSEN, id="another model's label of the same meaning"),
        pytest.param("tench", (), How.ABSENT, id="a label only another model has"),
    ],
)
def test_a_person_decides(choice: str | tuple[str, ...] | None, targets: tuple[int, ...], how: How) -> None:
    matching = match(["kitty"], PETS, chosen={"kitty": choice})
    assert (matching.targets, matching.how) == ((targets,), (how,))


def test_a_choice_goes_before_what_would_be_found() -> None:
    assert match(["cat"], PETS, chosen={"cat": "dog"}).targets == ((1,),)


def test_one_of_two_cranes_can_be_chosen() -> None:
    assert match(["crane"], LONG, chosen={"crane": "crane (n03126707)"}).targets == ((517,),)


def test_the_shipped_map_covers_the_starters_classes_and_no_imagenet_class_twice() -> None:
    assert set(everyday()) == {normalise(label) for label in STARTER}
    listed = [index for indices in everyday().values() for index in indices]
    assert len(listed) == len(set(listed))


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("airplane", {"airliner", "warplane"}),
        ("sea", {"seashore"}),
        ("truck", {"fire engine", "garbage truck", "moving van", "pickup", "police van", "tow truck", "trailer truck"}),
        ("motorcycle", {"moped", "motor scooter"}),
        ("mountain", {"alp", "volcano"}),
        ("bicycle", {"bicycle-built-for-two", "mountain bike"}),
        ("tulip", set()),
    ],
)
def test_the_shipped_map_means_what_its_comments_say(name: str, kinds: set[str]) -> None:
    assert {imagenet()[index][1][0] for index in everyday()[name]} == kinds


def test_imagenet_is_recognised_by_its_order_whatever_the_spelling() -> None:
    assert is_imagenet(LONG)
    assert is_imagenet(SHORT)
    assert is_imagenet(tuple(wnid for wnid, _ in imagenet()))
    assert not is_imagenet(LONG[::-1])
    assert not is_imagenet(LONG[:-1])


def test_labels_that_occur_twice_are_told_apart() -> None:
    assert distinct_names(("a", "b", "a")) == ("a (#1)", "b", "a (#3)")
    assert len(set(distinct_names(SHORT))) == 1000


@pytest.mark.parametrize(
    ("first", "second", "basis"),
    [
        pytest.param(LONG, SHORT, Basis.SAME, id="two spellings of ImageNet"),
        pytest.param(STARTER, STARTER, Basis.SAME, id="the same labels"),
        pytest.param(STARTER, LONG, Basis.MEANING, id="the map, one way"),
        pytest.param(LONG, STARTER, Basis.MEANING, id="the map, the other way"),
        pytest.param(PETS, STARTER, Basis.NAMES, id="names"),
        pytest.param(PETS, LONG, Basis.MEANING, id="any model with everyday words"),
        pytest.param(PETS, ("red", "green"), Basis.NONE, id="nothing in common"),
    ],
)
def test_on_what_two_models_are_compared(first: tuple[str, ...], second: tuple[str, ...], basis: Basis) -> None:
    assert shared_classes(first, second).basis is basis
    assert str(explain_basis(basis))


def test_answers_of_different_models_agree_by_meaning() -> None:
    common = shared_classes(LONG, STARTER)
    cat, rose, persian, tench = STARTER.index("cat"), STARTER.index("rose"), 283, 0
    assert common.first[persian] == common.second[cat] == "cat"
    assert (common.first[tench], common.second[rose]) == (None, None)  # neither could say it of the other's classes


def test_common_names_are_those_of_the_model_with_the_fewest_classes() -> None:
    long, starter, short = common_names((LONG, STARTER, SHORT))
    assert starter == STARTER
    assert long[283] == short[283] == "cat"
    assert long[0] == short[0] == "tench, Tinca tinca"


def test_two_spellings_of_imagenet_have_the_same_common_names() -> None:
    long, short = common_names((LONG, SHORT))
    assert long == short


def test_an_undecided_class_is_named_with_what_might_be_meant() -> None:
    told = str(explain_undecided(match(["cats", "zzz"], PETS), PETS, "pets"))
    assert told == "pets has no classes with these names: cats (cat?), zzz."


@pytest.mark.parametrize(
    ("name", "labels", "meant"),
    [
        pytest.param("cats", PETS, "cat", id="a plural"),
        pytest.param("dogs", LONG, "dog", id="a plural of an everyday word"),
        pytest.param("tulips", LONG, None, id="of one that no class means"),
        pytest.param("Golf_Balls", STARTER, "golf ball", id="a plural of two words"),
        pytest.param("motocycle", STARTER, "motorcycle", id="a slip of the pen"),
        pytest.param("goldfish", ("gold fish", "dog"), "gold fish", id="a space"),
        pytest.param("Katzen", LONG, None, id="another language: not clog, geta, patten, sabot"),
        pytest.param("Hunde", LONG, None, id="not Norwegian elkhound"),
        pytest.param("Maus", LONG, None, id="not mouse either, which is a computer's"),
        pytest.param("donkey", ("monkey",), None, id="one letter, another animal"),
        pytest.param("nail", ("snail",), None, id="another again"),
        pytest.param("cranes", SHORT, None, id="a bird or a machine"),
        pytest.param("zzz", PETS, None, id="nothing like it"),
    ],
)
def test_only_what_is_near_certain_is_chosen_beforehand(name: str, labels: tuple[str, ...], meant: str | None) -> None:
    assert near_certain(name, labels) == meant


def test_a_thousand_unknown_names_cost_little_and_are_compared_once() -> None:
    names = [f"qwxzk{number * 7919 % 100003}vb" for number in range(1000)]
    began = time.process_time()
    explain_undecided(match(names, LONG), LONG, "x")
    for name in names[:20]:
        suggestions(name, LONG)
    assert time.process_time() - began < 1
    began = time.process_time()
    for _ in range(20):
        match(names, LONG)
        for name in names[:20]:
            suggestions(name, LONG)
    assert time.process_time() - began < 0.5


@pytest.mark.parametrize("choice", ["cat", "dog"])
def test_an_everyday_name_may_be_chosen_as_a_group_of_imagenets_classes(choice: str) -> None:
    matching = match(["Katzen"], SHORT, chosen={"Katzen": choice})
    assert (matching.targets[0], matching.how[0]) == (everyday()[choice], How.CHOSEN)


def test_a_plural_of_an_everyday_word_is_what_is_thought_of_first() -> None:
    labels = tuple(names[0] for _, names in imagenet())
    told = str(explain_undecided(match(["Cats", "cars"], labels), labels, "m"))
    assert "Cats (cat / " in told or "Cats (cat?)" in told
    assert "cars (car / " in told or "cars (car?)" in told
