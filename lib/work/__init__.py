"""Whatever takes longer than a click."""
