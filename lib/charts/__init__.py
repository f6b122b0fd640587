"""Results → Vega-Lite charts."""
