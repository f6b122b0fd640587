"""Loads: many visitors at once, measured. See `python -m tests.load --help`."""
