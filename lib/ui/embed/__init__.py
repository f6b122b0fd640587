"""The page Code: what code is asked for, the code itself, and the code at work beside the app's own answer."""
