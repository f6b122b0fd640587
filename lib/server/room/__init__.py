"""A room: a class that meets now, with a wall for all and a phone for each; in memory, until it ends."""
