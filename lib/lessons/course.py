"""The eight lessons, in their order."""

from lib.lessons import learning, limits, network, pixels, scoring, small, sure, votes

LESSONS = (
    pixels.LESSON,
    votes.LESSON,
    sure.LESSON,
    network.LESSON,
    scoring.LESSON,
    small.LESSON,
    learning.LESSON,
    limits.LESSON,
)
