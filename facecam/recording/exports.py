"""What was recorded, for other programs and for people: CSV, Parquet, a page with plots."""

from pathlib import Path

from facecam.errors import RecordingError
from facecam.recording.output_file import prepare_output, publish_output, unwritable
from facecam.recording.session_files import read_session
from facecam.recording.session_records import RecordedSession
from facecam.recording.stats_writer import StatsHeader, open_stats_writer
from facecam.recording.summary import summary_page

KINDS = ("csv", "parquet", "jsonl", "html")


def export_session(folder: str | Path, path: str | Path, kind: str | None = None) -> Path:
    """Write a recorded session in another form and return the file; an older one is replaced.

    Args:
        folder: The session folder.
        path: The file to write.
        kind: "csv" or "parquet" (one row a face), "jsonl" (one record a frame), "html" (one page
            with plots of every track); None goes by the suffix of `path`.

    Raises:
        RecordingError: The session cannot be read, the kind is unknown, or the file not written.
    """
    path = Path(path)
    kind = (kind or path.suffix.removeprefix(".")).lower()
    if kind not in KINDS:
        raise RecordingError(
            f"{path} has no known kind: end its name in .csv, .parquet, .jsonl or .html."
        )
    session = read_session(folder)
    if kind == "html":
        _write_text(path, summary_page(session))
    else:
        _write_stats(path, kind, session)
    return path


def _write_stats(path: Path, kind: str, session: RecordedSession) -> None:
    header = session.header
    stats = StatsHeader(
        source=header.source_name,
        model=header.model,
        width=header.size_wh[0],
        height=header.size_wh[1],
        fps=header.fps,
        heads=header.heads,
    )
    named = path if path.suffix.lower() == f".{kind}" else path.with_name(f"{path.name}.{kind}")
    writer = open_stats_writer(named, stats)
    try:
        for analysis in session.analyses:
            writer.write(analysis)
    except BaseException:
        writer.discard()
        raise
    writer.close()
    if named != path:
        publish_output(named, path)


def _write_text(path: Path, text: str) -> None:
    partial = prepare_output(path)
    try:
        partial.write_text(text, encoding="utf-8")
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise unwritable(path, error) from error
    publish_output(partial, path)
