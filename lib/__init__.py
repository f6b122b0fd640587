"""Discern's library: from the bytes of a photo to a verdict, with no user interface in it."""

__version__ = "0.10"
