"""A real Ray on this machine: the same answers, killed and gone on with, on one core, and over HTTP.

Run by `make test-scale`, in an environment of its own.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pyarrow.parquet as pq
import pytest

from lib.reports.columns import to_objects
from tests.support.pictures import encode, noise

pytest.importorskip("ray", reason="requirements-scale.txt is not installed: make test-scale")
ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 120


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A folder with 2000 photos, one of them broken, and an archive with one more."""
    folder = tmp_path / "photos"
    folder.mkdir()
    different = [encode(noise(12, 8, number), "PNG") for number in range(50)]
    for number in range(2000):
        (folder / f"{number:04}.png").write_bytes(different[number % 50])
    (folder / "1999.png").write_bytes(b"no photo")
    with tarfile.open(folder / "more.tar", "w") as archive:
        archive.add(folder / "0001.png", "in/1.png")
    return folder


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """A data folder that holds a tiny model, and no cluster."""
    shutil.copytree(ROOT / "tests" / "models" / "float32", tmp_path / "home" / "models" / "float32")
    return {**os.environ, "DISCERN_HOME": str(tmp_path / "home"), "RAY_ADDRESS": "", "RAY_AUTH_MODE": "disabled"}


def classify(photos: Path, environment: dict[str, str], *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "lib", "classify", str(photos), "--model", "float32", *arguments]
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)


def test_one_core_is_enough_and_every_answer_is_the_same(photos: Path, environment: dict[str, str]) -> None:
    asked = ("--json", "--shard", "1/20")
    plain, _ = classify(photos, environment, *asked).communicate(timeout=PATIENCE_S)
    run = classify(photos, environment, *asked, "--engine", "ray")
    if hasattr(os, "sched_setaffinity"):  # before Ray is asked for: with one core an actor must leave room for the rest
        os.sched_setaffinity(run.pid, {min(os.sched_getaffinity(0))})
    answers, _ = run.communicate(timeout=PATIENCE_S)
    assert len(plain.splitlines()) > 50
    assert answers == plain
    assert run.returncode == 0


def test_a_run_that_is_killed_has_every_photo_once_in_the_end(
    photos: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    asked = ("--engine", "ray", "--out", str(out), "--resume")
    run = classify(photos, environment, *asked)
    deadline = time.monotonic() + PATIENCE_S
    while not list(out.glob("*.parquet")) and time.monotonic() < deadline:
        time.sleep(0.01)
    # Its agents look once a minute whether they are needed.
    children = psutil.Process(run.pid).children(recursive=True)
    started = [child for child in children if "Agent" not in " ".join(child.cmdline())]
    run.send_signal(signal.SIGKILL)
    assert run.wait() == -signal.SIGKILL  # it was not done yet
    assert len(list(out.glob("*.parquet"))) < 2
    run = classify(photos, environment, *asked)
    run.communicate(timeout=PATIENCE_S)
    assert run.returncode == 1  # one photo is broken
    rows = [row for path in out.glob("*.parquet") for row in to_objects(pq.read_table(path))]
    _, left = psutil.wait_procs(started, timeout=PATIENCE_S)
    assert not left  # Ray's own processes end with what started them, however that ended
    plain, _ = classify(photos, environment, "--json").communicate(timeout=PATIENCE_S)
    assert sorted(map(json.dumps, rows)) == sorted(plain.splitlines())


def test_a_photo_that_ends_its_worker_ends_the_run_instead_of_being_tried_for_ever(environment: dict[str, str]) -> None:
    code = """
import os, functools, pathlib
from lib.classify.infer import Settings
from lib.model.spec import load
from lib.photos.source import Source
from lib.scale.data import classify
model = load(pathlib.Path("tests/models/float32"))
list(classify([Source("a", functools.partial(os._exit, 7))], [model], Settings(), "en"))
"""
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=PATIENCE_S,
        check=False,
    )  # fmt: skip
    *_, last = run.stderr.splitlines()
    assert last.startswith("lib.errors.WorkerError: Ray ended before all photos were classified: The actor is dead")


@pytest.fixture
def cluster(environment: dict[str, str], tmp_path: Path) -> Iterator[str]:
    """A cluster that knows nothing of this program, and its address."""
    code = """
import ray, sys
print(ray.init(address="local", num_cpus=2, include_dashboard=False).address_info["address"], flush=True)
sys.stdin.read()
"""
    run = subprocess.Popen(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        text=True,
    )  # fmt: skip
    assert run.stdout is not None
    yield run.stdout.readline().strip()
    run.communicate(timeout=PATIENCE_S)


def test_a_cluster_that_is_there_is_joined(photos: Path, environment: dict[str, str], cluster: str) -> None:
    asked = ("--json", "--shard", "1/20")
    plain, _ = classify(photos, environment, *asked).communicate(timeout=PATIENCE_S)
    there = {**environment, "RAY_ADDRESS": cluster}
    answers, _ = classify(photos, there, *asked, "--engine", "ray").communicate(timeout=PATIENCE_S)
    assert answers == plain


def answer(address: str, photo: Path) -> tuple[int, dict[str, object]]:
    request = urllib.request.Request(address, photo.read_bytes(), {"Content-Type": "image/png"})
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as response:
            return response.status, json.loads(response.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


def test_the_api_in_replicas_answers_as_the_command_line_does(photos: Path, environment: dict[str, str]) -> None:
    command = [sys.executable, "-m", "lib", "serve", "--engine", "ray", "--port", "0"]
    run = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True)
    assert run.stderr is not None
    try:
        said = next(line for line in run.stderr if "The API is at " in line)
        started = psutil.Process(run.pid).children(recursive=True)
        address = f"{said.split()[4].rstrip(';')}/classify?model=float32"
        for name in ("0001.png", "0002.png"):
            plain, _ = classify(photos / name, environment, "--json").communicate(timeout=PATIENCE_S)
            status, found = answer(address, photos / name)
            assert status == 200
            assert {**found, "file": ""} == {**json.loads(plain), "file": ""}
        status, found = answer(address, photos / "1999.png")
        assert (status, found["code"]) == (422, "photo")
    finally:
        run.send_signal(signal.SIGINT)
        run.stderr.read()
    assert run.wait(PATIENCE_S) == 130
    _, left = psutil.wait_procs(started, timeout=PATIENCE_S)
    assert not left
