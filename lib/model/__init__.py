"""What a model is: its folder, and the description in it."""
