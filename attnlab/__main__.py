"""`attnlab` and `python -m attnlab`: the console application, to be interrupted from its first import on."""

from attnlab import interruption, streams


def main() -> None:
    """Run the console application."""
    interruption.leave_at_once()
    streams.make_whole()
    import logging

    from attnlab.app import main as run

    logging.raiseExceptions = False  # a log, or a terminal, that is gone stops nothing

    try:
        run()
    except SystemExit as stop:
        if stop.code == interruption.INTERRUPTED:
            interruption.ignore()
            interruption.forget()
        raise


if __name__ == "__main__":
    main()
