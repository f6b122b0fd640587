"""Figures about models on photos: pure functions on arrays, one file per subject. `lib.evaluate` ties them together."""
