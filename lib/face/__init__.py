"""Results → HTML: what a page shows of an answer, whoever puts it there."""
