"""Models in the page: chosen, loaded, downloaded, listed."""
