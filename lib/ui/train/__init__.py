"""The page Train: a model of one's own."""
