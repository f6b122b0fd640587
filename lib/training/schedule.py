"""How the learning rate and the size of the photos change over a run; pure arithmetic on progress in [0, 1]."""

import math

# Where the stretches at half, three quarters and the whole of the final size end. Small photos are cheap: at half
# the side a step costs a quarter, so most of the learning is done there (EfficientNetV2, Tan and Le 2021, section 4).
PHASES = ((0.30, 0.5), (0.82, 0.75), (1.00, 1.0))
WARM_UP = 0.03
LAST_RATE = 0.01


def learning_rate(progress: float, highest: float) -> float:
    """Return a linear warm-up followed by half a cosine down to 1% (SGDR, Loshchilov and Hutter 2017, eq. 5).

    Args:
        progress: Share of the run that is done; values outside [0, 1] count as the nearest end.
        highest: The rate at the end of the warm-up.
    """
    progress = min(max(progress, 0.0), 1.0)
    if progress < WARM_UP:
        return highest * (0.05 + 0.95 * progress / WARM_UP)
    fall = (progress - WARM_UP) / (1.0 - WARM_UP)
    return highest * (LAST_RATE + (1.0 - LAST_RATE) * 0.5 * (1.0 + math.cos(math.pi * fall)))


def photo_size(progress: float, final: int, *, progressive: bool) -> int:
    """Return the side in pixels at which photos are shown now: a multiple of 8, at least 32 where `final` is."""
    if not progressive:
        return final
    share = next((share for end, share in PHASES if progress < end), 1.0)
    return min(final, max(32, round(final * share / 8) * 8))


def average_decay(step: int, highest: float) -> float:
    """Return the decay of the weight average at `step`, from 0: small at first, so that the random start is forgotten.

    The ramp is TensorFlow's `ExponentialMovingAverage(num_updates=...)`: min(decay, (1 + n) / (10 + n)).
    """
    return min(highest, (1.0 + step) / (10.0 + step))
