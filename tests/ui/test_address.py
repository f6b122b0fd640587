"""What a visitor chose, in the address."""

from streamlit.testing.v1 import AppTest


def script() -> None:
    import streamlit as st

    from lib.i18n import Translator
    from lib.ui import choosing

    st.write(choosing.part(Translator(), "Part", {"one": "The first", "two": "The second"}, param="show"))


def page(**query: str) -> AppTest:
    test = AppTest.from_function(script)
    for name, value in query.items():
        test.query_params[name] = value
    return test.run()


def shown(test: AppTest) -> tuple[str, object]:
    assert not test.exception
    assert not test.warning
    said = test.query_params.get("show")
    return test.markdown[0].value, said[0] if isinstance(said, list) else said


def test_coming_to_a_page_leaves_its_address_alone() -> None:
    assert shown(page()) == ("one", None)
    assert shown(page(show="two")) == ("two", "two")
    assert shown(page(show="<nonsense>")) == ("one", "<nonsense>")


def test_the_address_follows_a_choice_and_leaves_out_what_is_so_anyway() -> None:
    test = page()
    assert shown(test.segmented_control[0].set_value("two").run()) == ("two", "two")
    assert shown(test.segmented_control[0].set_value("one").run()) == ("one", None)


def test_back_and_links_within_the_page_are_followed() -> None:
    test = page()
    test.segmented_control[0].set_value("two").run()
    del test.query_params["show"]
    assert shown(test.run()) == ("one", None)
    test.query_params["show"] = "two"
    assert shown(test.run()) == ("two", "two")
