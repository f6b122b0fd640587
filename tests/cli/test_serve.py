"""`serve`: what it refuses before it begins. That it answers is seen in tests/api."""

import pytest

from lib.cli.main import main


@pytest.mark.parametrize("port", ["-1", "65536", "99999999999"])
def test_a_port_that_cannot_be_is_refused_in_one_sentence(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", f"--port={port}"]) == 2
    assert (
        capsys.readouterr().err.strip().endswith(f"--port must be 1 to 65535, or 0 for any that is free, not {port}.")
    )
