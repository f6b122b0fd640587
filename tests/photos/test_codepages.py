"""Which encoding the names of a zip are in."""

import time
import unicodedata

import pytest

from lib.photos.codepages import encoding_of

NAMES = [
    ("cp949", "책 칼 캔"), ("cp949", "고양이 강아지"), ("cp949", "개 새"), ("cp949", "컵"), ("cp949", "장미 튤립 숲"),
    ("cp949", "햄스터"), ("cp949", "A반 B반"), ("cp949", "뱀"),
    ("cp932", "猫 犬"), ("cp932", "ねこ いぬ"), ("cp932", "ネコ イヌ"), ("cp932", "本"), ("cp932", "車 鳥 花"),
    ("cp932", "表 裏"),
    ("cp932", "チューリップ バラ"), ("cp932", "ソファ 能"), ("cp932", "良品 不良品"), ("cp932", "山 川"),
    ("cp437", "Käfer Bäume Vögel"), ("cp437", "Größe"), ("cp437", "Élan Forêt"), ("cp437", "Niño Año"),
    ("cp437", "Café"),
    ("cp850", "Árbol"), ("cp850", "Leões Maçãs"), ("cp850", "Blåbær"),
    ("cp1252", "Käfer Bäume"), ("cp1252", "Forêt"),
    ("gbk", "苹果 香蕉"), ("cp950", "貓 狗"), ("cp950", "蜜蜂"), ("cp950", "烏龜 蝴蝶"),
    ("cp866", "Кошка Собака"), ("cp1251", "Кошка Собака"),
]  # fmt: skip
UNICODE = [
    "Tiếng",
    "책 칼",
    "ガラス",
    "고양이",
    "ねこ 犬",
    "Käfer",
    "Café",
    "猫",
    "кот",
    "γάτα",
    "แมว",
    "Łódź",
    "日本",
    "🐱",
]


@pytest.mark.parametrize(("encoding", "names"), NAMES)
def test_names_in_the_code_page_of_a_system_are_recognised(encoding: str, names: str) -> None:
    written = [f"{name}/1.jpg".encode(encoding) for name in names.split()]
    found = encoding_of(written, from_windows=True)
    assert [name.decode(found) for name in written] == [name.decode(encoding) for name in written]


@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize("names", UNICODE)
def test_utf_8_without_the_flag_as_macos_writes_it_is_recognised(names: str, form: str) -> None:
    written = [unicodedata.normalize(form, f"{name}/1.jpg").encode() for name in names.split()]  # type: ignore[arg-type]
    assert encoding_of(written) == "utf-8"


def test_one_name_that_is_valid_utf_8_by_chance_does_not_decide_alone() -> None:
    names = [f"{name}.jpg".encode("cp949") for name in ("책/1", "칼/1", "책/사진")]
    assert names[0].decode("utf-8") == "å/1.jpg"
    assert encoding_of(names, from_windows=True) == "cp949"


def test_what_is_plain_or_unknown_is_code_page_437_as_the_specification_says() -> None:
    assert encoding_of([]) == encoding_of([b"cat/1.jpg"]) == "cp437"
    assert bytes(range(256)).decode(encoding_of([bytes(range(256))]))


def test_very_many_names_cost_little() -> None:
    names = [f"고양이 {number}".encode("cp949") for number in range(50_000)]
    began = time.process_time()
    assert encoding_of(names) == "cp949"
    assert time.process_time() - began < 1
