"""The end of a test run says what did not run."""

from tests.conftest import NEEDS_SHARED, did_not_run, took_two_tries


def test_what_did_not_run_is_counted_by_reason() -> None:
    assert did_not_run([]) == "No test was skipped."
    assert (
        did_not_run(["this is no Linux", NEEDS_SHARED, NEEDS_SHARED])
        == "3 tests did not run: 2 × needs ../shared, 1 × this is no Linux."
    )


def test_what_took_two_tries_is_named() -> None:
    assert took_two_tries([]) == ""
    assert took_two_tries(["tests/browser/test_a.py::test_b"]).endswith("tried again: tests/browser/test_a.py::test_b")
