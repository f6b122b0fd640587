"""A model's file, looked into and turned into another."""
