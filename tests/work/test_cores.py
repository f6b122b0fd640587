"""Cores that are not ours are not counted."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from lib.work import cores
from lib.work.cores import usable_cores

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system binds no process to a core")
def test_cores_a_process_is_not_bound_to_are_not_counted() -> None:
    code = "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))}); "
    code += "from lib.work.cores import usable_cores; from lib.evaluation.speed import thread_counts; "
    code += "print(usable_cores(), thread_counts())"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, check=True)
    assert run.stdout.strip() == b"1 (1,)"


@pytest.mark.parametrize(
    ("own", "files", "expected"),
    [
        pytest.param("0::/", {"cpu.max": "max 100000\n"}, 8, id="version 2, no limit"),
        pytest.param("0::/", {"cpu.max": "200000 100000\n"}, 2, id="version 2, two cores"),
        pytest.param("0::/", {"cpu.max": "150000 100000\n"}, 2, id="a part of a core is one"),
        pytest.param("0::/", {"cpu.max": "10000 100000\n"}, 1, id="never none"),
        pytest.param("0::/", {"cpu.max": "6400000 100000\n"}, 8, id="more than there are"),
        pytest.param("0::/a/b", {"a/cpu.max": "300000 100000\n", "a/b/cpu.max": "max 100000\n"}, 3, id="a group above"),
        pytest.param("0::/host/path", {"cpu.max": "300000 100000\n"}, 3, id="a path of the host"),
        pytest.param(
            "9:name=systemd:/\n4:cpu,cpuacct:/docker/1",
            {"cpu/cpu.cfs_quota_us": "400000\n", "cpu/cpu.cfs_period_us": "100000\n"},
            4,
            id="version 1",
        ),
        pytest.param(
            "4:cpu:/",
            {"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"},
            8,
            id="version 1, no limit",
        ),
        pytest.param("4:memory:/\n0::/../x", {}, 8, id="no groups of processors"),
    ],
)
def test_a_quota_limits_the_cores(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own: str, files: Mapping[str, str], expected: int
) -> None:
    (tmp_path / "own").write_text(own + "\n", encoding="utf-8")
    for name, content in files.items():
        (tmp_path / "groups" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "groups" / name).write_text(content, encoding="ascii")
    monkeypatch.setattr(cores, "OWN", tmp_path / "own")
    monkeypatch.setattr(cores, "GROUPS", tmp_path / "groups")
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    assert usable_cores() == expected


def test_without_control_groups_all_cores_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cores, "OWN", tmp_path / "missing")
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 2}, raising=False)
    assert usable_cores() == 3
