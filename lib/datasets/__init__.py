"""Photos whose class is known: read, split, and related to the classes of models."""
