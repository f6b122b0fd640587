"""The page Compare: which models, side by side, on labelled photos, speed and size."""
