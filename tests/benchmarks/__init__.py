"""Speed and memory, as ratios to a yardstick taken in the same run: `python -m tests.benchmarks`."""
