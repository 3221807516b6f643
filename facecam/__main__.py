"""`python -m facecam COMMAND`."""

import sys


def main() -> int:
    """Run one command; return the exit code."""
    from facecam.commands.streams import guard_native_output

    try:
        with guard_native_output():
            return _run()
    except KeyboardInterrupt:  # before a command began, or after it ended
        print("Stopped.", file=sys.stderr)
        return 130


def _run() -> int:
    from facecam.commands.logs import set_up_logging

    set_up_logging()
    try:
        from facecam.commands.cli import run
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] == "facecam":
            raise
        print(
            f"The package {error.name} is not installed for this Python: run `make setup`, "
            "then .venv/bin/python -m facecam.",
            file=sys.stderr,
        )
        return 1
    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
