"""Taking turns, and what comes of it."""

import gc
import os
import statistics
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256

Work = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value, and what it must reach.

    Attributes:
        name: What was measured.
        value: In `unit`.
        unit: "x", "s", "MB", …
        at_least: The floor; None for none.
        at_most: The ceiling; None for none.
        detail: The times behind a ratio.
    """

    name: str
    value: float
    unit: str
    at_least: float | None = None
    at_most: float | None = None
    detail: Mapping[str, float] = field(default_factory=dict)

    @property
    def is_met(self) -> bool:
        """Whether the value reaches what it must."""
        above = self.at_least is None or self.value >= self.at_least
        return above and (self.at_most is None or self.value <= self.at_most)


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds of one contender, one entry a round.

    Attributes:
        wall: By the clock.
        cpu: Processor time of the whole process.
    """

    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)


def take_turns(contenders: Mapping[str, Work], *, rounds: int) -> dict[str, Times]:
    """Return the times of each contender, after one round to warm up.

    On a shared machine only times that were taken side by side can be compared, so in every round each contender runs
    once, and every second round in the opposite order.
    """
    times = {name: Times() for name in contenders}
    for work in contenders.values():
        work()
    for turn in range(rounds):
        for name in list(contenders)[:: 1 if turn % 2 else -1]:
            gc.collect()
            wall, cpu = time.perf_counter(), time.process_time()
            contenders[name]()
            times[name].wall.append(time.perf_counter() - wall)
            times[name].cpu.append(time.process_time() - cpu)
    return times


def speed_up(slow: Times, fast: Times) -> float:
    """Return how many times faster `fast` was by the clock: the median over the rounds of each round's own ratio."""
    return statistics.median(s / f for s, f in zip(slow.wall, fast.wall, strict=True))


def work_kept(before: Times, after: Times) -> float:
    """Return what share of the processor time of `after` `before` took: medians, of contenders that do the same.

    Busy machines shift it little, unlike the clock's.
    """
    return statistics.median(before.cpu) / statistics.median(after.cpu)


def milliseconds_each(times: Mapping[str, Times], count: int) -> dict[str, float]:
    """Return each contender's median times for one of `count` items, in milliseconds."""
    return {
        f"{name} {kind}, ms": round(statistics.median(seconds) / count * 1e3, 2)
        for name, one in times.items()
        for kind, seconds in (("wall", one.wall), ("cpu", one.cpu))
    }


def cores_to_be_had() -> float:
    """Return how many cores this process gets now when it asks for all of them: fewer where other work is going on."""
    block = bytes(2**24)
    threads = [threading.Thread(target=lambda: [sha256(block) for _ in range(20)]) for _ in range(os.cpu_count() or 1)]
    wall, cpu = time.perf_counter(), time.process_time()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return (time.process_time() - cpu) / (time.perf_counter() - wall)
