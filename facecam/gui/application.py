"""Starts the window: settings, look, session, and what to play first."""

import dataclasses
import logging
import os
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

from facecam.errors import FacecamError
from facecam.gui import qt_environment
from facecam.settings import SettingsStore

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtWidgets import QApplication, QWidget

    from facecam.gui.choosers import Choosable
    from facecam.settings import Language, Settings


DEFAULT_MODEL = "face-stats"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class WindowOptions:
    """What the command line said.

    Attributes:
        source: Source spec, or None for the remembered one.
        model: Name or folder of a model package, or None for the remembered one.
        lang: "en" or "ko", or None for the remembered one.
        demo: Play the shipped clip.
        cam: HEAD[:CLASS] to explain for this one start, or None for what is remembered.
        record: Video to record into from the first frame on, or None.
    """

    source: str | None = None
    model: str | None = None
    lang: str | None = None
    demo: bool = False
    cam: str | None = None
    record: Path | None = None


def run_window(options: WindowOptions) -> int:
    """Show the window until it is closed; return the exit code.

    Raises:
        FacecamError: The window cannot be shown: Qt misses a system library; or `options.cam` is
            nothing that the model can explain.
    """
    store = SettingsStore()
    if options.cam is not None:
        _check_cam(options.cam, first_model(options, store.peek().model, _models_dir()))
    app = make_application()
    starter = Starter(app, options, store)
    return run_until_closed(app, starter.window)


def make_application() -> "QApplication":
    """Return the application of this process.

    Raises:
        FacecamError: Qt misses a system library.
    """
    qt_environment.forget_foreign_qt()
    missing = qt_environment.missing_library()
    if missing is not None:
        raise FacecamError(
            f"The window cannot open because Qt misses a system library ({missing}): run "
            "`make setup`, or install the library."
        )
    from PySide6.QtWidgets import QApplication

    qt_environment.stop_import_inspection()
    from facecam.gui.icons import app_icon

    app = cast("QApplication", QApplication.instance() or QApplication(sys.argv[:1]))
    app.setApplicationName("facecam")
    app.setDesktopFileName("facecam")
    app.setWindowIcon(app_icon())
    return app


def run_until_closed(app: "QApplication", window: "QWidget") -> int:
    """Show a window until it is closed or a signal comes; return the exit code."""
    from facecam.gui.interrupts import WindowInterrupts

    interrupts = WindowInterrupts()
    window.show()
    interrupts.install()
    code = interrupts.exit_code(int(app.exec()))
    _leave_at_once_if_stuck(code)
    return code


def _leave_at_once_if_stuck(code: int) -> None:
    """End the process here when a thread of ours is still inside native code.

    An interpreter that shuts down around a thread that loads a library or waits for a driver may
    abort (the thread is unwound through C++ that does not allow it) or take seconds. Everything
    that is to be kept was written before the window closed.
    """
    stuck = [t.name for t in threading.enumerate() if t.name.startswith("facecam-")]
    if stuck:
        log.info("left behind at the end: %s", ", ".join(stuck))
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


class Starter:
    """Builds the window at once, and starts the session once it is on the screen."""

    def __init__(self, app: "QApplication", options: WindowOptions, store: SettingsStore) -> None:
        from PySide6.QtCore import QTimer

        from facecam.gui.background import BackgroundCall
        from facecam.gui.look import Look
        from facecam.gui.main_window import MainWindow
        from facecam.gui.motion import system_reduces_motion
        from facecam.gui.session_bridge import SessionBridge

        self._options = options
        self._store = store
        settings, message = store.load()
        self._stored = settings
        if options.lang in ("en", "ko"):
            settings = dataclasses.replace(settings, language=cast("Language", options.lang))
        if options.cam is not None:
            head, _, class_name = options.cam.partition(":")
            settings = dataclasses.replace(settings, cam=True, cam_head=head, cam_class=class_name)
        self._asked_cam = (settings.cam, settings.cam_head, settings.cam_class)
        self.bridge = SessionBridge()
        self.look = Look(app, settings)
        self.window: MainWindow = MainWindow(
            self.bridge, settings, self.look.theme, list_cameras, list_models
        )
        self.window.set_reduced_motion(self.look.reduced_motion)
        self.look.theme_changed.connect(self.window.set_theme)
        self.look.motion_changed.connect(self.window.set_reduced_motion)
        self.window.settings_changed.connect(self._on_settings_changed)
        app.installEventFilter(self.window)
        if message is not None:
            self.window.stage.notice.show_text(message, kind="warning")
        self._sync_choices(settings)
        self._preparing = BackgroundCall("facecam-prepare", self._prepare, self.window)
        self._preparing.finished.connect(self._on_prepared)
        self._preparing.failed.connect(self._on_not_prepared)
        self._motion = BackgroundCall("facecam-motion", system_reduces_motion, self.window)
        self._motion.finished.connect(self.look.note_system_motion)
        QTimer.singleShot(0, self._preparing.start)
        QTimer.singleShot(0, self._motion.start)

    def _on_settings_changed(self, settings: "Settings") -> None:
        self.look.apply(settings)
        self._sync_choices(settings)
        if settings.language == self._options.lang:  # asked for this one start only
            settings = dataclasses.replace(settings, language=self._stored.language)
        if (settings.cam, settings.cam_head, settings.cam_class) == self._asked_cam:
            old = self._stored
            settings = dataclasses.replace(
                settings, cam=old.cam, cam_head=old.cam_head, cam_class=old.cam_class
            )
        message = self._store.save(settings)
        if message is not None:
            self.window.stage.notice.show_text(message, kind="warning")

    def _sync_choices(self, settings: "Settings") -> None:
        actions = self.window.actions_
        groups = ((actions.themes, settings.theme), (actions.languages, settings.language))
        for group, value in groups:
            for action in group.actions():
                action.setChecked(action.data() == value)

    def _prepare(self) -> "tuple[tuple[Choosable, ...], str]":
        """Load the pipeline and see what there is to play and with which model. Any thread."""
        self.bridge.prepare()
        model = first_model(self._options, self._stored.model, _models_dir())
        return _none_on_error(list_cameras), model

    def _on_not_prepared(self, message: str) -> None:
        self.window.stage.notice.show_text(message, kind="error")

    def _on_prepared(self, found: object) -> None:
        cameras, model = cast("tuple[tuple[Choosable, ...], str]", found)
        window = self.window
        window.choosers.cameras = cameras
        # Before the source: a single picture waits for its model, and would not for a later one.
        if model:
            self.bridge.change_model(model)
        else:
            self.bridge.expect_no_model()
        spec, window.no_camera = first_source(
            self._options, window.settings.source, tuple(camera.spec for camera in cameras)
        )
        if spec:
            self.bridge.change_source(spec)
            if self._options.record is not None:
                window.recording.begin_into(self._options.record)
        self.bridge.attach()
        window.choosers.fill()
        window.choosers.model_scan.start()
        window.refresh_status()


def first_model(options: WindowOptions, remembered: str, folder: Path) -> str:
    """Return which model to use first, "" for none.

    One that is gone is not asked for again. The packages in `folder` are not opened to find out:
    the video would wait for that.
    """
    if options.model:
        return options.model
    for name in (remembered, DEFAULT_MODEL):
        if name and ((folder / name).is_dir() or Path(name).is_dir()):
            return name
    others = sorted(item.parent.name for item in folder.glob("*/model.json"))
    return others[0] if others else ""


def _models_dir() -> Path:
    from facecam.inference.package import MODELS_DIR

    return MODELS_DIR


def _check_cam(text: str, model: str) -> None:
    """Refuse what the model ("" for none) cannot explain, before there is a window.

    Raises:
        ModelPackageError: It has no such head or class; the sentence names the choices.
    """
    from facecam.inference.cam import parse_cam
    from facecam.inference.package import load_package

    if model:
        parse_cam(text, load_package(model))


def first_source(
    options: WindowOptions, remembered: str, cameras: tuple[str, ...]
) -> tuple[str, bool]:
    """Return what to play first ("" for nothing), and whether a camera was wanted and missed."""
    from facecam.gui.live_session import DEMO_SPEC

    if options.source is not None:
        return options.source, False
    if options.demo:
        return DEMO_SPEC, False
    if remembered and (cameras or not remembered.isdecimal()):
        return remembered, False
    if cameras:
        return cameras[0], False
    return (DEMO_SPEC if Path(DEMO_SPEC).exists() else ""), True


def _none_on_error(
    listing: "Callable[[], tuple[Choosable, ...]]",
) -> "tuple[Choosable, ...]":
    """Return the list, or nothing: what cannot be listed must not keep the rest from playing."""
    try:
        return listing()
    except (FacecamError, OSError) as error:
        log.warning("%s: %s", listing.__name__, error)
        return ()


def list_cameras() -> "tuple[Choosable, ...]":
    """Return the cameras there are. Any thread."""
    from facecam.capture.devices import list_cameras as list_devices
    from facecam.gui.choosers import Choosable

    return tuple(Choosable(str(device.index), device.name) for device in list_devices())


def list_models() -> "tuple[Choosable, ...]":
    """Return the model packages there are, the one for faces first. Any thread."""
    from facecam.gui import words
    from facecam.gui.choosers import Choosable
    from facecam.inference.package import list_packages
    from facecam.titles import text_in

    lang = words.language_code()
    packages = sorted(list_packages(), key=lambda item: (item.name != DEFAULT_MODEL, item.name))
    return tuple(
        Choosable(item.name, text_in(item.title, lang, item.name), item.error or "")
        for item in packages
    )
