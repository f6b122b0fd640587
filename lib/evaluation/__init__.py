"""Figures about models on photos: pure functions, one file a subject; `evaluate` ties them together."""
