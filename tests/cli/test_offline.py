"""The command line on a machine that has just been installed and has no internet."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from lib.photos.samples import find_samples
from tests.support.cut import Cut

ROOT = Path(__file__).resolve().parents[2]
# Measured: 1.0 s, the writing of the model included; on a machine that is busy the same work takes longer.
MOST_CPU_S = 3.0


@pytest.fixture
def cut(tmp_path: Path) -> Cut:
    return Cut(tmp_path / "log.txt")


def run(code: list[str], cut: Cut, home: Path) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, **cut.environment, "DISCERN_HOME": str(home)}
    return subprocess.run(
        [sys.executable, *code], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


def test_a_photo_is_given_one_of_a_thousand_classes_soon(cut: Cut, tmp_path: Path) -> None:
    cat = next(sample.path for sample in find_samples() if sample.name == "chelsea.png")
    before = os.times()
    ended = run(["-m", "lib", "classify", str(cat), "--json"], cut, tmp_path / "home")
    after = os.times()
    answer = json.loads(ended.stdout)
    assert ended.returncode == 0
    assert answer["model"] == "efficientnet-lite0-int8"
    assert answer["predictions"][0]["index"] in (281, 282, 285)  # tabby, tiger cat, Egyptian cat
    assert cut.attempts == []
    cpu_s = after.children_user + after.children_system - before.children_user - before.children_system
    assert cpu_s < MOST_CPU_S


@pytest.mark.parametrize(
    ("attempt", "noted"),
    [
        ("import socket; socket.create_connection(('203.0.113.1', 80), 1)", "reach 203.0.113.1"),
        ("import urllib.request; urllib.request.urlopen('http://example.org')", "reach example.org"),
        ("import torch", "import torch"),
        ("import subprocess, sys; subprocess.run([sys.executable, '-c', 'import torch'])", "import torch"),
    ],
)
def test_what_watches_the_network_and_the_imports_notices(attempt: str, noted: str, cut: Cut, tmp_path: Path) -> None:
    run(["-c", attempt], cut, tmp_path)
    assert cut.attempts == [noted]
