"""Looking for a model: by name, by what it knows, in an order, and the few to begin with."""

from dataclasses import replace
from pathlib import Path

import pytest

from lib.catalogue import finding
from lib.catalogue.finding import Wish, known_names, knows_imagenet, look_for, recommend, unsearched
from lib.catalogue.store import Entry, State, Store
from tests.support.user_models import put


@pytest.fixture(scope="module")
def entries(tmp_path_factory: pytest.TempPathFactory) -> tuple[Entry, ...]:
    """Return the real catalogue, with nothing downloaded and the models that come with the app written."""
    store = Store(tmp_path_factory.mktemp("finding"))
    store.ready()
    return store.entries()


def ids(entries: tuple[Entry, ...], wish: Wish, language: str = "en") -> list[str]:
    return [found.entry.spec.id for found in look_for(entries, wish, language)]


def test_without_words_every_model_is_found_best_first_and_unknown_figures_come_last(
    entries: tuple[Entry, ...],
) -> None:
    found = [hit.entry for hit in look_for(entries, Wish(), "en")]
    assert {entry.spec.id for entry in found} == {entry.spec.id for entry in entries}
    assert found[0].spec.id == "efficientnet-edgetpu-l-quant"  # 80.2 %
    comparable = [entry for entry in found if knows_imagenet(entry) and entry.spec.published is not None]
    shares = [entry.spec.published.top1 for entry in comparable if entry.spec.published is not None]
    assert shares == sorted(shares, reverse=True)  # type: ignore[type-var]
    assert found[: len(comparable)] == comparable
    assert found[len(comparable)].spec.id == "starter", "95 % of twenty things is not better than 80 % of a thousand"
    assert found[-1].spec.published is None


def test_order_by_size_leaves_the_unknown_to_the_end(entries: tuple[Entry, ...]) -> None:
    sizes = [hit.entry.size_bytes for hit in look_for(entries, Wish(order="size"), "en")]
    known = [size for size in sizes if size is not None]
    assert known == sorted(known)
    assert sizes[: len(known)] == known
    assert len(known) < len(sizes)


def test_order_by_name_and_by_classes(entries: tuple[Entry, ...]) -> None:
    names = [hit.entry.spec.name.casefold() for hit in look_for(entries, Wish(order="name"), "en")]
    assert names == sorted(names)
    assert ids(entries, Wish(order="classes"))[0] == "mobilenet-v2-1.0-224-inat-plant-quant"


def test_words_are_looked_for_in_names_and_families(entries: tuple[Entry, ...]) -> None:
    assert ids(entries, Wish("squeezenet")) == ["squeezenet-224"]
    assert ids(entries, Wish("squeeze"))[0] == "squeezenet-224", "the others know a squeeze box"
    assert set(ids(entries, Wish("DenseNet"))) == {"densenet-224", "keras-densenet121"}
    assert ids(entries, Wish("  birds OF ")) == ["mobilenet-v2-1.0-224-inat-bird-quant"]
    assert ids(entries, Wish("no such thing")) == []


@pytest.mark.parametrize(
    ("language", "words", "name"),
    [
        ("en", "penguin", "king penguin"),
        ("ko", "펭귄", "임금펭귄"),
        ("ja", "ペンギン", ""),
        ("ko", "penguin", "임금펭귄"),
    ],
)
def test_words_are_looked_for_in_what_models_know(
    entries: tuple[Entry, ...], language: str, words: str, name: str
) -> None:
    found = look_for(entries, Wish(words), language)
    assert {hit.entry.spec.id for hit in found} == {e.spec.id for e in entries if knows_imagenet(e)}
    firsts = {hit.class_name.split(",")[0] for hit in found}
    assert len(firsts) == 1
    assert not name or firsts == {name}


def test_a_class_is_found_by_the_beginning_of_a_word_and_the_shortest_is_named(entries: tuple[Entry, ...]) -> None:
    (starter,) = (hit for hit in look_for(entries, Wish("cat"), "en") if hit.entry.spec.id == "starter")
    assert starter.class_name == "cat"
    assert "starter" not in ids(entries, Wish("enguin"))


def test_only_ready_ones(entries: tuple[Entry, ...]) -> None:
    ready = {entry.spec.id for entry in entries if entry.state is State.READY}
    assert set(ids(entries, Wish(only_ready=True))) == ready


def test_names_that_come_with_the_download_are_not_guessed(entries: tuple[Entry, ...]) -> None:
    birds = next(entry for entry in entries if entry.spec.id == finding.BIRDS_ID)
    assert known_names(birds, "en") is None
    assert unsearched(entries, "en") == 3  # birds, insects, plants
    archive = next(entry for entry in entries if entry.spec.id == "mobilenet-v3-small-1.0-224")
    assert len(known_names(archive, "ko") or ()) == 1000


def test_a_users_own_model_is_searched_by_its_labels_and_never_compared(tmp_path: Path) -> None:
    put(tmp_path, "mine")
    mine = next(entry for entry in Store(tmp_path).entries() if entry.spec.id == "mine")
    names = known_names(mine, "ko")
    assert names
    (found,) = look_for([mine], Wish(names[0]), "ko")
    assert found.class_name == names[0]
    thousand = replace(mine, spec=replace(mine.spec, output=replace(mine.spec.output, classes=1000)))
    assert not knows_imagenet(thousand)


def test_the_few_to_begin_with_are_at_hand_and_all_different(entries: tuple[Entry, ...]) -> None:
    few = recommend(entries)
    found = (few.general, few.everyday, few.accurate, few.birds)
    chosen = [entry for entry in found if entry is not None]
    assert [entry.spec.id for entry in chosen] == [
        "efficientnet-lite0-int8",
        "starter",
        "inception-v3-299-quant",  # 77.5 %, 23 MB: better ones are larger, of unknown size, or need a package
        "mobilenet-v2-1.0-224-inat-bird-quant",
    ]


def test_a_large_model_that_is_here_already_is_recommended(entries: tuple[Entry, ...]) -> None:
    here = [
        replace(entry, state=State.READY) if entry.spec.id == "keras-xception" else entry
        for entry in entries
        if entry.spec.id != "starter"
    ]
    few = recommend(here)
    assert few.accurate is not None
    assert few.accurate.spec.id == "keras-xception"
    assert few.everyday is None
