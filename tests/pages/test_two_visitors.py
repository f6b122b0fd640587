"""Two visitors of one server, under AppTest."""

from streamlit.testing.v1 import AppTest

from tests.pages.conftest import Upload, app, ask, bring, cat, stage
from tests.support.pictures import encode, plain


def reds(count: int) -> list[Upload]:
    """Return `count` photos, no two of them equal."""
    return [(f"red-{n}.png", encode(plain((200 + n, 0, 0), 64, 48), "PNG"), "image/png") for n in range(count)]


def names(test: AppTest) -> list[str]:
    """Return the photos about which the page has answers."""
    return [card["name"] for card in ask(test, "GET", "answers")["cards"]]


def test_each_sees_their_own_photos_in_their_own_language() -> None:
    one, two = app(), app(lang="ko")
    bring(one, cat())
    bring(two, *reds(2))
    assert (names(one), names(two)) == (["cat.png"], ["red-0.png", "red-1.png"])
    assert stage(one)["say"]["promise"] != stage(two)["say"]["promise"]


def test_removing_ones_photo_leaves_the_others() -> None:
    one, two = app(), app()
    (first, _), _ = bring(one, *reds(2)), bring(two, *reds(2))
    ask(one, "DELETE", f"photos/{first['id']}")
    assert (len(names(one)), len(names(two))) == (1, 2)


def test_ones_settings_and_model_are_not_the_others() -> None:
    one, two = app(model="starter-small", ratio="0.3"), app()
    one.run()
    assert (stage(one)["strict"]["values"]["ratio"], stage(two)["strict"]["values"]["ratio"]) == (0.3, 0.5)
    assert (one.selectbox[0].value, two.selectbox[0].value) == ("starter-small", "efficientnet-lite0-int8")


def test_one_who_looks_with_a_broken_photo_leaves_the_others_answer() -> None:
    one, two = app(), app()
    bring(one, ("broken.jpg", b"\xff\xd8\xff\xe0 no more", "image/jpeg"))
    bring(two, cat())
    assert (names(one), names(two)) == (["broken.jpg"], ["cat.png"])
