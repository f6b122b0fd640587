"""What models there are, and where their files are."""
