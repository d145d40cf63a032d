"""`attnlab` and `python -m attnlab`: the console application, to be interrupted from its first import on."""

from attnlab import interruption


def main() -> None:
    """Run the console application."""
    interruption.leave_at_once()
    from attnlab.app import main as run

    run()


if __name__ == "__main__":
    main()
