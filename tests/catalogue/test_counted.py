"""A count of how often a model was right, kept with it by a visitor."""

from dataclasses import replace
from pathlib import Path

import pytest

from lib.catalogue.counted import FILE, Counted
from lib.catalogue.store import Store
from lib.errors import UsageError
from lib.model.spec import Tally, TrackRecord
from lib.results import AnswerKind
from tests.support.user_models import put


def record(photos: int) -> TrackRecord:
    kinds = {AnswerKind.CLEAR: Tally(photos - 1, photos - 2), AnswerKind.GROUP: Tally(1, 1)}
    return TrackRecord(photos, 'my "photos"\n', False, kinds)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    put(tmp_path, "mine")
    return Store(tmp_path)


def counted(store: Store, photos: int, owner: str = "me") -> Counted:
    return Counted(record(photos), owner, store.open_folder("mine").sha256 or "")


def test_it_is_the_models_until_the_model_is_gone(store: Store) -> None:
    assert store.find("mine").spec.track_record is None
    store.keep_record("mine", counted(store, 10))
    assert store.find("mine").spec.track_record == record(10)
    assert Store(store.data).open_folder("mine").spec.track_record == record(10)
    store.remove("mine")
    put(store.data, "mine")
    assert store.find("mine").spec.track_record is None


def test_ones_own_count_is_replaced_and_that_of_others_by_a_larger_one_alone(store: Store) -> None:
    store.keep_record("mine", counted(store, 10))
    store.keep_record("mine", counted(store, 5))
    assert store.may_keep("mine", "you", 6)
    assert not store.may_keep("mine", "you", 5)
    with pytest.raises(UsageError, match="has a count already, of at least as many photos"):
        store.keep_record("mine", counted(store, 5, "you"))
    assert store.find("mine").spec.track_record == record(5)
    store.keep_record("mine", counted(store, 6, "you"))
    assert store.find("mine").spec.track_record == record(6)


def test_a_count_of_other_weights_is_none(store: Store) -> None:
    with pytest.raises(UsageError, match="has changed since it was counted"):
        store.keep_record("mine", replace(counted(store, 10), sha256="0" * 64))
    store.keep_record("mine", counted(store, 10))
    kept = store.models / "mine" / FILE
    kept.write_text(kept.read_text("utf-8").replace(store.open_folder("mine").sha256 or "", "0" * 64), "utf-8")
    assert store.find("mine").spec.track_record is None
    assert store.may_keep("mine", "you", 1)


def test_a_file_that_cannot_be_read_is_as_if_nobody_had_counted(store: Store) -> None:
    (store.models / "mine" / FILE).write_text("photos = 3", "utf-8")
    assert store.find("mine").spec.track_record is None
    store.keep_record("mine", counted(store, 4))
    assert store.find("mine").spec.track_record == record(4)


def test_what_comes_with_the_program_or_brings_its_own_is_not_counted_over(store: Store) -> None:
    assert not store.may_keep("starter-small", "me", 10_000)
    assert not store.may_keep("no-such-model", "me", 10_000)
    with (store.models / "mine" / "model.toml").open("a", encoding="utf-8") as card:
        card.write('[track_record]\nphotos = 1\nmeasured = "x"\nunseen = true\nclear = { count = 1, right = 1 }\n')
    assert not store.may_keep("mine", "me", 10)
