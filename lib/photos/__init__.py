"""Bytes → an upright RGB picture."""
