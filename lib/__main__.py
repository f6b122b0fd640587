"""`python -m lib COMMAND`: the command line."""

from lib.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
