"""The app: options, then the window; without a display the demo, into files."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path


def parse_options(arguments: Sequence[str]) -> argparse.Namespace:
    """Return the options of one start; ends with exit code 2 when they are wrong."""
    from facecam import __version__

    parser = argparse.ArgumentParser(
        prog="python app.py",
        description="Look into the camera and see steady, honest stat bars next to every face.",
        epilog="Everything else: python -m facecam --help",
    )
    parser.add_argument(
        "--source",
        metavar="INDEX|NAME|FILE|URL",
        help="what to play; the remembered camera, or the first one, if left out",
    )
    parser.add_argument("--model", metavar="NAME|DIR", help="model package; face-stats at first")
    parser.add_argument(
        "--cam",
        metavar="HEAD[:CLASS]",
        help="show on every face what a stat looks at, as in --cam smile",
    )
    parser.add_argument(
        "--record",
        type=Path,
        metavar="FILE",
        help="record into FILE (.mp4, .mov, .mkv) and FILE's .session folder from the first frame",
    )
    parser.add_argument("--demo", action="store_true", help="play the demo clip")
    parser.add_argument("--lang", choices=("en", "ko"), help="language of the window")
    parser.add_argument(
        "--no-window",
        action="store_true",
        help="run the demo clip, or --source, through the pipeline into out/demo.mp4 and "
        "out/demo.jsonl; with --record, record --source without a window",
    )
    parser.add_argument("--version", action="version", version=f"facecam {__version__}")
    return parser.parse_args(arguments)


def start(options: argparse.Namespace) -> int:
    """Open the window, or say why not and run the demo into files; return the exit code."""
    from facecam.commands.display import why_no_window

    reason = "" if options.no_window else why_no_window()
    if options.no_window or reason:
        from facecam.commands.headless_demo import run_demo

        if options.record is not None:
            from facecam.commands.headless_recording import record_without_window
            from facecam.commands.stop_signals import end_like_ctrl_c

            end_like_ctrl_c()
            return record_without_window(
                reason, options.record, options.model, options.source, options.cam
            )
        return run_demo(reason, options.model, options.source, options.cam)
    from facecam.gui.interrupts import end_at_once

    end_at_once()
    from facecam.gui.application import WindowOptions, run_window

    return run_window(
        WindowOptions(
            source=options.source,
            model=options.model,
            lang=options.lang,
            demo=options.demo,
            cam=options.cam,
            record=options.record,
        )
    )


def main() -> int:
    """Run the app; return the exit code."""
    options = parse_options(sys.argv[1:])
    from facecam.commands.logs import set_up_logging
    from facecam.commands.streams import guard_native_output
    from facecam.errors import FacecamError

    try:
        with guard_native_output():
            set_up_logging()
            try:
                return start(options)
            except FacecamError as error:
                print(error, file=sys.stderr)
                return 1
            except ModuleNotFoundError as error:
                if (error.name or "").partition(".")[0] == "facecam":
                    raise
                print(
                    f"The package {error.name} is not installed for this Python: run `make run`, "
                    "or .venv/bin/python app.py.",
                    file=sys.stderr,
                )
                return 1
    except KeyboardInterrupt as stop:
        from facecam.commands.stop_signals import exit_code

        print("Stopped.", file=sys.stderr)
        return exit_code(stop)


if __name__ == "__main__":
    sys.exit(main())
