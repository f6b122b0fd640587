"""Discern's library: from the bytes of a photo to a verdict, with no user interface in it."""
