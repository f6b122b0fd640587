"""The page Classify."""
