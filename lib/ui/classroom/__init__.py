"""A class: where phones find it, who its host is, and what the host sees of it."""
