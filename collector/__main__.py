"""The command line, as `collector` and as `python -m collector`."""

import sys

STOPPED = 130


def main() -> None:
    """Run the command line; Ctrl-C while it is still being loaded ends it with 130, as it does later."""
    try:
        from collector.cli import main as run  # noqa: PLC0415  loading takes a while

        run()
    except KeyboardInterrupt:
        sys.exit(STOPPED)


if __name__ == "__main__":
    main()
