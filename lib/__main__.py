"""`python -m lib COMMAND`: the command line."""

if __name__ == "__main__":
    try:
        from lib.cli.main import main

        raise SystemExit(main())
    except KeyboardInterrupt:  # while still loading; the command line handles its own
        raise SystemExit(130) from None
