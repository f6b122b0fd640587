"""Models in the page: words, addresses and HTML; and models that went away meanwhile."""

from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from lib.catalogue.finding import Wish
from lib.catalogue.store import Entry, State, Store
from lib.errors import ModelFileError
from lib.i18n import LANGUAGES, Translator
from lib.model.spec import ModelFolder
from lib.ui.models import address, shelf, words
from lib.ui.models.address import Address
from lib.ui.models.choice import distinct
from lib.ui.models.details import details, with_code
from lib.ui.models.loaded import classifier
from lib.ui.models.markup import tag
from lib.ui.models.shelf import Download, Shelf
from lib.work.files import size_words

NASTY = '"><img src=x onerror=alert(1)>'


def test_models_of_one_name_are_told_apart_by_their_ids() -> None:
    names = {"a": "Mine", "b": "Mine", "c": "Other"}
    assert distinct(names) == {"a": "Mine (a)", "b": "Mine (b)", "c": "Other"}


def test_weights_that_were_removed_meanwhile_are_an_error_for_people(tiny_model: Callable[[str], ModelFolder]) -> None:
    folder = tiny_model("float32")
    missing = ModelFolder(folder.spec, folder.path / "gone")
    with pytest.raises(ModelFileError, match="could not be read"):
        classifier(missing)


@pytest.mark.parametrize(
    ("size", "words"), [(42_400, "42 kB"), (100_000, "0.1 MB"), (3_640_000, "3.6 MB"), (91_000_000, "91 MB")]
)
def test_sizes_are_never_nothing(size: int, words: str) -> None:
    assert size_words(size) == words


# The page ------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def entries(tmp_path_factory: pytest.TempPathFactory) -> tuple[Entry, ...]:
    """Return the real catalogue, with nothing downloaded."""
    return Store(tmp_path_factory.mktemp("shelf")).entries()


def shelf_of(*entries: Entry, language: str = "en", there: Address | None = None, **more: object) -> Shelf:
    return replace(Shelf(Translator(language), there or Address(), entries, {}, {}), **more)


class Checker(HTMLParser):
    """Notes which elements there are, and whether each is closed in its turn."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.names: list[str] = []
        self._open: list[str] = []
        self.feed(html)
        assert not self._open

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.names.append(tag)
        if tag not in ("input", "path", "img"):
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag != "path":
            assert self._open.pop() == tag


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_model_has_a_row_and_details_in_every_language(entries: tuple[Entry, ...], language: str) -> None:
    here = shelf_of(*entries, language=language, there=Address(is_long=True))
    assert Checker(shelf.table(here)).names.count("tr") == len(entries) + 1
    Checker(shelf.begin_with(here))
    Checker(shelf.search(here))
    for entry in entries:
        shown = details(here, entry)
        assert {"dialog", "h2", "dl"} <= set(Checker(shown).names), entry.spec.id
        assert ("data-do" in shown) == (entry.problem is None)


def test_whatever_a_model_is_called_is_text(entries: tuple[Entry, ...]) -> None:
    spec = replace(entries[0].spec, id="mine", name=NASTY, family="Yours", licence=NASTY, description=NASTY)
    mine = replace(entries[0], spec=spec, kind="yours", folder=None)
    busy = {"mine": Download(NASTY, 0.5, may_stop=True)}
    there = Address(Wish(NASTY), model=NASTY, others=(("lang", NASTY),))
    here = shelf_of(mine, there=there, downloads=busy, said=NASTY)
    for html in (shelf.table(here), shelf.search(here), shelf.begin_with(here), details(here, mine)):
        assert "img" not in Checker(html).names
    waiting = replace(here, entries=(replace(mine, state=State.DOWNLOADABLE),))
    assert "img" not in Checker(details(waiting, waiting.entries[0])).names


def test_a_speed_that_was_measured_is_a_column_and_a_fact(entries: tuple[Entry, ...]) -> None:
    model = entries[0].spec.id
    here = shelf_of(*entries, speeds={model: 8.4}, there=Address(is_long=True))
    assert "8 ms" in shelf.table(here)
    assert "8 ms a photo, measured on this computer" in details(here, entries[0])
    assert "Speed" not in shelf.table(shelf_of(*entries))


def test_an_unknown_size_is_said_and_not_guessed(entries: tuple[Entry, ...]) -> None:
    unknown = next(entry for entry in entries if entry.size_bytes is None)
    here = shelf_of(unknown)
    assert "size unknown until downloaded" in shelf.table(here)
    assert "size unknown until downloaded" in details(here, unknown)
    assert ">Download</button>" in details(here, unknown)


def test_a_command_in_a_sentence_is_code_in_every_language() -> None:
    assert with_code("Use: pip install a==1.0") == "Use: <code>pip install a==1.0</code>"
    assert with_code("<b> pip install a 로 설치해 주세요.") == "&lt;b&gt; <code>pip install a</code> 로 설치해 주세요."
    assert with_code("nothing") == "nothing"


def test_an_address_leads_to_itself_and_keeps_what_others_put_there() -> None:
    there = Address(Wish("a&b", "size", True), model="starter", others=(("lang", "ko"),))
    assert there.link == "?lang=ko&q=a%26b&sort=size&show=ready&model=starter"
    assert address.read(there.params) == there
    assert there.but(only_ready=False).params == {"lang": "ko", "q": "a&b", "sort": "size"}
    assert Address().params == {}


@pytest.mark.parametrize(
    ("n", "language", "told"),
    [
        (6692, "en", "6692"),
        (416_916, "en", "416,916"),
        (1_270_084, "en", "1.3 million"),
        (1_270_084, "ko", "127만"),
        (4_652_008, "ja", "465万"),
        (6692, "ja", "6692"),
    ],
)
def test_large_numbers_are_said_as_people_say_them(n: int, language: str, told: str) -> None:
    assert words.many(n, language) == told


def test_a_tag_escapes_text_and_attributes() -> None:
    assert tag("a", "<", "b", href='"&', data_go="") == '<a class="b" href="&quot;&amp;" data-go="">&lt;</a>'
