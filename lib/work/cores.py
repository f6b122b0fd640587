"""How many cores this process may use: in a container, or bound to some, fewer than the machine has."""

import math
import os
from collections.abc import Iterator
from pathlib import Path

GROUPS = Path("/sys/fs/cgroup")
OWN = Path("/proc/self/cgroup")


def usable_cores() -> int:
    """Return how many cores this process may use, at least 1: those it is bound to, and no more than its quota.

    A part of a core counts as one, for a thread that waits now and then is still faster than none.
    """
    bound = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(bound, math.ceil(min(_quotas(), default=bound))))


def _quotas() -> Iterator[float]:
    """Yield the cores that the control groups of this process allow (Linux; cgroups(7)): its own and those above it."""
    try:
        lines = OWN.read_text(encoding="utf-8").splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers and "cpu" not in controllers.split(","):
            continue
        # In a container the path may be the host's: then only the top, which is the container's own group, is there.
        group = (GROUPS / "cpu" if controllers else GROUPS) / path.strip("/")
        for folder in (group, *group.parents):
            if folder.is_relative_to(GROUPS) and (quota := _quota(folder)) is not None:
                yield quota


def _quota(folder: Path) -> float | None:
    """Return quota / period of a control group, version 2 or 1; None without a limit."""
    try:
        if (folder / "cpu.max").exists():
            quota, period = (folder / "cpu.max").read_text(encoding="ascii").split()
        else:
            quota, period = (
                (folder / f"cpu.cfs_{what}_us").read_text(encoding="ascii") for what in ("quota", "period")
            )
        return int(quota) / int(period) if int(quota) > 0 else None
    except (OSError, ValueError):  # no such group; "max" for no limit
        return None
