"""The one road from a photo to an answer, for every door."""
