"""How long a run will take, worked out of a few real steps of its net on this machine; pure arithmetic."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from lib.training.options import TrainOptions
from lib.training.schedule import PHASES, photo_size

# Backwards costs about twice as much as forwards, so a look without learning is a third of a step.
LOOK = 1 / 3
# Whoever else uses the machine meanwhile slows a run down: the longest estimate allows for some of it.
SPARE = 1.25


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast a net learns here.

    Attributes:
        step_s: Seconds for a batch of photos of the full size: of the fastest and the slowest step that was timed.
        graph_s: Seconds that the first step of a size takes longer than others.
        photo_s: To read and prepare a photo.
    """

    step_s: tuple[float, float]
    graph_s: float
    photo_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Measured:
    """How fast a run was that was tried.

    Attributes:
        pace: Of its net.
        photos: To learn from.
        held_out: To look at after each epoch.
    """

    pace: Pace
    photos: int
    held_out: int


def pace_of(first_s: float, steps_s: Sequence[float], *, share: float = 1.0, photo_s: float = 0.0) -> Pace:
    """Return the pace of steps that were timed.

    Args:
        first_s: The first step.
        steps_s: Those after it, at least one.
        share: Of the area of a photo of full size that they were shown: the cost of a convolution grows with the area.
        photo_s: See `Pace`.
    """
    return Pace((min(steps_s) / share, max(steps_s) / share), max(0.0, first_s - min(steps_s)), photo_s)


def time_for(pace: Pace, options: TrainOptions, photos: int, held_out: int) -> tuple[float, float]:
    """Return the fewest and the most seconds that a run should take, preparation included.

    Args:
        pace: Measured.
        options: What to train.
        photos: To learn from.
        held_out: To look at after each epoch.
    """
    manner = options.manner
    crops = photos * (manner.views if options.augment else 1) + held_out
    areas = _areas(options)
    around = pace.photo_s * crops + pace.graph_s * len(areas)
    if options.minutes is not None:
        return around + options.minutes * 60, SPARE * (around + options.minutes * 60)
    batch = min(manner.batch, photos)
    looks = held_out / batch * LOOK
    units = manner.epochs * (max(1, photos // batch) + looks) * sum(share * area for share, area in areas)
    fast, slow = (around + units * step for step in pace.step_s)
    return fast, SPARE * slow


def area_share(options: TrainOptions, progress: float) -> float:
    """Return which share of the full size's area the photos have at `progress`, 0 to 1."""
    side = photo_size(progress, options.input_size, progressive=options.manner.progressive)
    return (side / options.input_size) ** 2


def _areas(options: TrainOptions) -> list[tuple[float, float]]:
    """Return for each size of photos the share of the run it lasts, and its area's share of the full one."""
    if not options.manner.progressive:
        return [(1.0, 1.0)]
    ends = (0.0, *(end for end, _ in PHASES))
    return [(end - begin, area_share(options, math.nextafter(end, 0.0))) for begin, end in pairwise(ends)]
