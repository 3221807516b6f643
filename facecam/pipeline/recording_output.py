"""Everything a recording writes: videos, statistics, ledger. Threads and states lie elsewhere."""

import contextlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from facecam import __version__
from facecam.capture.source import SourceInfo, without_password
from facecam.errors import RecordingError
from facecam.inference.package import ModelPackage
from facecam.pipeline.drawing import RecordedDrawing
from facecam.pipeline.face_hider import FaceHider
from facecam.pipeline.frame_row import Due, Row
from facecam.pipeline.in_between import in_between
from facecam.recording.output_file import unwritable
from facecam.recording.request import RecordingRequest
from facecam.recording.session_folder import LedgerRow, SessionFolder, model_facts
from facecam.recording.video_pair import VideoPair, clean_path
from facecam.recording.video_writer import check_video_suffix
from facecam.timing import monotonic_s
from facecam.types import Frame, ImageU8
from facecam.vision.overlay import OverlayOptions


class Videos(Protocol):
    """What a recorder needs of `recording.video_pair.VideoPair`."""

    @property
    def codecs(self) -> str:
        """Names of the encoders in use."""
        ...

    @property
    def busy_with(self) -> str:
        """What it waits for right now: "disk" or "encoder"; from any thread."""
        ...

    @property
    def size_bytes(self) -> int:
        """Bytes written."""
        ...

    def write(self, clean_bgr: ImageU8, draw: Callable[[], ImageU8], t_s: float) -> float:
        """Append one picture and return its time in the videos."""
        ...

    def check_place(self) -> None:
        """Raise `RecordingError` when a file was taken away."""
        ...

    def close(self) -> None:
        """Finish the files."""
        ...


VideosFactory = Callable[[RecordingRequest, tuple[int, int], float], Videos]


class RecordingOutput:
    """Writes what one recording is made of. Owned by the recorder's thread.

    Args:
        request: What is wanted.
        package: Returns the model package of a name, or None.
        make_videos: Makes what writes the videos.
    """

    def __init__(
        self,
        request: RecordingRequest,
        package: Callable[[str], ModelPackage | None],
        make_videos: VideosFactory = VideoPair,
    ) -> None:
        self._request = request
        self._package = package
        self._make_videos = make_videos
        self._videos: Videos | None = None
        self._folder: SessionFolder | None = None
        self._model = ""
        self._hider = FaceHider()
        self._drawing = RecordedDrawing(request.drawing, package)
        self._look: tuple[OverlayOptions, bool] | None = None  # of the last picture

    @property
    def begun(self) -> bool:
        """Whether there are files."""
        return self._videos is not None

    @property
    def encoder(self) -> str:
        """Names of the encoders in use; "" before the first picture."""
        return self._videos.codecs if self._videos is not None else ""

    @property
    def busy_with(self) -> str:
        """What it waits for right now: "disk" or "encoder"; from any thread."""
        videos = self._videos
        return videos.busy_with if videos is not None else "encoder"

    @property
    def size_bytes(self) -> int:
        """Bytes of video written."""
        return self._videos.size_bytes if self._videos is not None else 0

    def set_look(self, options: OverlayOptions) -> None:
        """Draw otherwise from the next picture on. May be called from any thread."""
        self._drawing.options = replace(options, blur=False)

    def prepare(self) -> None:
        """Refuse what cannot be recorded before the first frame, and make the folder."""
        request = self._request
        if request.overlay:
            check_video_suffix(request.path)
        elif not request.session_folder and request.clean == "none":
            raise RecordingError(
                f"Nothing of {request.path.name} is to be recorded: choose a video with overlay, a "
                "clean one, or the session folder."
            )
        paths = [request.path] if request.overlay else []
        clean = clean_path(request)
        for path in [*paths, clean] if clean is not None else paths:
            if path.exists():
                raise RecordingError(
                    f"{path} exists already: record under another name, or remove it first."
                )
        try:
            request.path.parent.mkdir(parents=True, exist_ok=True)
        except (OSError, ValueError) as error:
            raise unwritable(request.path.parent, error) from error

    def begin(self, source: SourceInfo | None, row: Row, frame: Frame, *, blur: bool) -> None:
        """Make the files, now that the size of the pictures is known.

        Raises:
            RecordingError: One of them cannot be made; nothing is left of the others.
        """
        folder = None
        if self._request.session_folder:
            folder = SessionFolder(self._request.folder)
        try:
            self._videos = self._make_videos(
                self._request, row.size_wh, source.fps if source is not None else 0.0
            )
            if folder is not None:
                folder.begin(self._facts(source, row, frame, blur=blur))
        except RecordingError:
            if folder is not None:
                with contextlib.suppress(OSError):
                    folder.folder.rmdir()
            raise
        self._folder = folder

    def write(self, due: Due, image_bgr: ImageU8, *, blur: bool) -> float:
        """Append one picture to the videos and return its time in them, in seconds."""
        assert self._videos is not None, "begin was not called"
        row = due.row
        self._note_look(row, blur=blur)
        picture = self._hider.hide(due, image_bgr) if blur else image_bgr
        analysis = in_between(due.before, due.after, row.place.t_s)
        return self._videos.write(
            picture, lambda: self._drawing.draw(picture, analysis), row.video_t_s
        )

    def _note_look(self, row: Row, *, blur: bool) -> None:
        """Say in the ledger from which frame on the videos look otherwise."""
        options = self._drawing.options
        look = (options, blur)
        if look == self._look:
            return
        if self._look is not None and self._folder is not None:
            facts = {
                "frame": row.place.number,
                "blur": blur,
                "lang": options.lang,
                "mirror": options.mirror,
                "heads": None if options.heads is None else sorted(options.heads),
                "ring": sorted(options.ring),
                "cam": options.cam is not None,
            }
            self._folder.write_mark("look", facts)
        self._look = look

    def write_rows(self, rows: Iterable[Row]) -> None:
        """Append rows, of which everything is known, to the ledger and the statistics."""
        for row in rows:
            analysis = row.analysis if row.analyzed else None
            record = LedgerRow(
                frame=row.place.number,
                t_s=row.place.t_s,
                shown=row.shown,
                analyzed=analysis is not None,
                recorded=bool(row.recorded),
                dropped=row.dropped,
                detected=analysis.detected if analysis is not None else None,
                video_s=row.video_s,
                source_s=None if row.source_s == row.place.t_s else row.source_s,
            )
            folder = self._folder
            if folder is None or self._videos is None:
                continue
            for gap in row.gaps:
                folder.write_mark("gap", gap)
            if row.fresh:
                folder.write_mark("reset", {"frame": row.place.number})
            if analysis is not None and analysis.model != self._model:
                self._model = analysis.model
                folder.note_model(self._model_facts(analysis.model), row.place.number)
            folder.write_row(record, analysis)

    def flush(self) -> None:
        """Give what was written to the operating system."""
        if self._folder is not None:
            self._folder.flush()

    def check_place(self) -> None:
        """Raise `RecordingError` when a file was taken away."""
        if self._videos is not None:
            self._videos.check_place()

    def close_videos(self) -> None:
        """Finish the videos; raises `RecordingError` when their ends cannot be written."""
        if self._videos is not None:
            self._videos.close()

    def end(self, rows: Iterable[Row], ended: Mapping[str, Any]) -> None:
        """Write the last rows, the sums and how it ended."""
        self.write_rows(rows)
        if self._folder is not None:
            self._folder.end(ended)

    def _facts(
        self, source: SourceInfo | None, row: Row, frame: Frame, *, blur: bool
    ) -> dict[str, Any]:
        request = self._request
        clean = clean_path(request)
        name = source.name if source is not None else ""
        started = datetime.now(UTC) - timedelta(seconds=max(monotonic_s() - frame.captured_s, 0.0))
        return {
            "app_version": __version__,
            "source": {
                "spec": without_password(request.source_spec or name),
                "name": name,
                "kind": source.kind if source is not None else "",
                "size_wh": list(row.size_wh),
                "fps": source.fps if source is not None else 0.0,
                "live": source is not None and source.live,
            },
            "model": model_facts("", "", "", ()),
            "settings": {
                "blur": blur,
                "lang": request.lang,
                "mirror": request.mirror,
            },
            "clock": {
                "started_utc": started.isoformat(timespec="milliseconds"),
                "started_monotonic_s": frame.captured_s,
            },
            "video": {
                "overlay": f"../{request.path.name}" if request.overlay else None,
                "clean": clean.name if clean is not None else None,
                "codec": self.encoder,
                "lossless": request.clean == "lossless",
            },
        }

    def _model_facts(self, name: str) -> dict[str, Any]:
        package = self._package(name)
        if package is None:
            return model_facts(name, "", "", ())
        files: Mapping[str, Any] = package.spec.get("files", {})
        sha256 = files.get("model.tflite", {}).get("sha256", "")
        return model_facts(name, package.version, sha256, tuple(package.heads))
