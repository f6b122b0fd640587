"""Eight lessons in which every number comes from the photos at hand, and whose questions mark themselves."""
