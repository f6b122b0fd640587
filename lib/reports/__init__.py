"""Results → files to take away."""
