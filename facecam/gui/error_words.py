"""The most frequent errors in the language of the interface.

The parts below the window make their sentences in English, for logs and commands as well. Here the
sentences of camera, stream, file and disk are recognised by their fixed words, and said again in
the language of the window with the same values; any other stays as it is. A test holds the list
against the sources, so that a sentence that is reworded there is noticed here.
"""

import functools
import re

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication


def _texts(*marked: object) -> tuple[str, ...]:
    """Return texts that are marked for translation, which PySide's types call objects."""
    return tuple(str(text) for text in marked)


SENTENCES = _texts(
    # Cameras
    QT_TRANSLATE_NOOP(
        "errors",
        "There is no camera {index}: no camera was found on this machine, connect one or choose a "
        "file.",
    ),
    QT_TRANSLATE_NOOP("errors", "There is no camera {index}: choose one of {names}."),
    QT_TRANSLATE_NOOP(
        "errors",
        "There is no camera and no file called {name}: no camera was found on this machine, "
        "connect one or choose a file.",
    ),
    QT_TRANSLATE_NOOP(
        "errors", "There is no camera and no file called {name}: choose one of {names}."
    ),
    QT_TRANSLATE_NOOP(
        "errors",
        "The {camera} may not be used by this account: run 'sudo usermod -aG video $USER' and log "
        "in again.",
    ),
    QT_TRANSLATE_NOOP(
        "errors",
        "The {camera} cannot be opened: allow the camera for this program in System Settings, "
        "Privacy & Security, and close other programs that use it.",
    ),
    QT_TRANSLATE_NOOP(
        "errors",
        "The {camera} cannot be opened: close other programs that use it, then try again.",
    ),
    QT_TRANSLATE_NOOP(
        "errors",
        "The {camera} cannot be opened: close {programs}, which has it in use, then try again.",
    ),
    QT_TRANSLATE_NOOP(
        "errors",
        "The {camera} did not answer within {n} s: unplug it and plug it in again, or close the "
        "program that uses it.",
    ),
    QT_TRANSLATE_NOOP(
        "errors",
        "The {camera} opens but gives no picture: close other programs that use it, or choose "
        "another camera.",
    ),
    QT_TRANSLATE_NOOP(
        "errors",
        "The {camera} opens but gives no picture: close {programs}, which has it in use, or choose "
        "another camera.",
    ),
    QT_TRANSLATE_NOOP(
        "errors",
        "The {camera} is still held by a call to its driver that does not return: unplug it and "
        "plug it in again.",
    ),
    QT_TRANSLATE_NOOP(
        "errors", "{name} is not connected: plug it in again, or choose another camera."
    ),
    QT_TRANSLATE_NOOP(
        "errors",
        "{name} stopped giving pictures: check its cable and whether another program took it.",
    ),
    # Streams
    QT_TRANSLATE_NOOP(
        "errors",
        "The address {url} cannot be opened: it has to begin with http://, https:// or rtsp://.",
    ),
    QT_TRANSLATE_NOOP(
        "errors",
        "The stream {name} cannot be opened: check that the address is right, that the server runs "
        "and that it gives video.",
    ),
    QT_TRANSLATE_NOOP(
        "errors",
        "The stream {name} did not answer within {n} s: check the address and the network.",
    ),
    QT_TRANSLATE_NOOP(
        "errors",
        "The stream {name} gives no picture that can be decoded: check that the address is one of "
        "a video.",
    ),
    QT_TRANSLATE_NOOP(
        "errors",
        "The stream {name} fell silent for {n} s: check the network and open it again.",
    ),
    QT_TRANSLATE_NOOP(
        "errors", "The stream {name} was ended by its server after {n} pictures: open it again."
    ),
    QT_TRANSLATE_NOOP(
        "errors", "The stream {name} was cut off after {n} of {all} pictures: open it again."
    ),
    # Files
    QT_TRANSLATE_NOOP("errors", "The video {path} does not exist: check the name."),
    QT_TRANSLATE_NOOP("errors", "The picture {path} does not exist: check the name."),
    QT_TRANSLATE_NOOP("errors", "The video {path} is empty (0 bytes): choose another file."),
    QT_TRANSLATE_NOOP("errors", "The picture {path} is empty (0 bytes): choose another file."),
    QT_TRANSLATE_NOOP(
        "errors", "The video {path} cannot be read ({reason}): check the file and its permissions."
    ),
    QT_TRANSLATE_NOOP(
        "errors",
        "The picture {path} cannot be read ({reason}): check the file and its permissions.",
    ),
    QT_TRANSLATE_NOOP(
        "errors",
        "The video {path} cannot be opened: it is damaged, cut off or not a video, choose another "
        "file.",
    ),
    QT_TRANSLATE_NOOP(
        "errors",
        "The video {path} holds no picture that can be decoded: it is damaged or not a video, "
        "choose another file.",
    ),
    QT_TRANSLATE_NOOP(
        "errors",
        "The picture {path} cannot be decoded: it is damaged or not a picture, choose another "
        "file.",
    ),
    QT_TRANSLATE_NOOP("errors", "The picture {path} cannot be decoded: save it as JPEG or PNG."),
    QT_TRANSLATE_NOOP(
        "errors",
        "The folder {path} holds no pictures: choose one with JPEG, PNG or WebP files.",
    ),
    QT_TRANSLATE_NOOP(
        "errors",
        "{name} breaks off before the length that it states: what there is was played, copy the "
        "file again.",
    ),
    # What is written
    QT_TRANSLATE_NOOP(
        "errors",
        "{path} cannot be written ({reason}): choose another file, or free space or permission "
        "there.",
    ),
    QT_TRANSLATE_NOOP(
        "errors", "{path} exists already: record under another name, or remove it first."
    ),
    QT_TRANSLATE_NOOP(
        "errors", "{path} exists already: save under another name, or remove it first."
    ),
    QT_TRANSLATE_NOOP(
        "errors",
        "The folder {path} is gone ({reason}): the disk was taken out or the folder removed, so "
        "record to another place.",
    ),
    QT_TRANSLATE_NOOP(
        "errors",
        "{path} is gone while it was being recorded ({reason}): the disk was taken out or the file "
        "removed, so record to another place.",
    ),
    QT_TRANSLATE_NOOP(
        "errors",
        "Only {n} MB are free in {path}: free some space, or record to another disk.",
    ),
    QT_TRANSLATE_NOOP(
        "errors",
        "The recording was stopped because only {n} MB were left in {path}: it is whole up to "
        "here; free some space before the next one.",
    ),
    QT_TRANSLATE_NOOP(
        "errors",
        "No frame came before the recording ended, so there is no {name}: start it once there is a "
        "picture.",
    ),
    QT_TRANSLATE_NOOP(
        "errors",
        "Nothing was kept that {name} could show: let the video run for a moment.",
    ),
    QT_TRANSLATE_NOOP("errors", "A clip is being written already: wait until it is done."),
    QT_TRANSLATE_NOOP(
        "errors",
        "The snapshot cannot be written to {path} ({reason}): choose another folder.",
    ),
    # Recordings that are opened, and models
    QT_TRANSLATE_NOOP("errors", "The recording {path} does not exist: check the name."),
    QT_TRANSLATE_NOOP(
        "errors",
        "{path} is no recording with stats: choose a .session folder, or the video beside one.",
    ),
    QT_TRANSLATE_NOOP(
        "errors",
        "{path} is no session folder ({reason} for {file}): choose a folder whose name ends in "
        ".session.",
    ),
    QT_TRANSLATE_NOOP("errors", "{path} is damaged ({reason}): the session cannot be read."),
    QT_TRANSLATE_NOOP(
        "errors",
        "{path} cannot be read ({reason}): the session is not whole, choose another.",
    ),
    QT_TRANSLATE_NOOP("errors", "{path} holds no video: choose another recording."),
    QT_TRANSLATE_NOOP(
        "errors",
        "The video {path} cannot be opened ({reason}): check that it is there and whole.",
    ),
    QT_TRANSLATE_NOOP(
        "errors",
        "The model package {path} lacks its file {file}: restore it, or choose another model.",
    ),
    QT_TRANSLATE_NOOP(
        "errors",
        "An internal error stopped this ({kind}: {reason}): try again, and report it with the log "
        "if it comes back.",
    ),
)
# What a system says in brackets, on any system that words it as POSIX does.
REASONS = _texts(
    QT_TRANSLATE_NOOP("errors", "Input/output error"),
    QT_TRANSLATE_NOOP("errors", "No space left on device"),
    QT_TRANSLATE_NOOP("errors", "No such file or directory"),
    QT_TRANSLATE_NOOP("errors", "Permission denied"),
    QT_TRANSLATE_NOOP("errors", "Read-only file system"),
)
# What `Recorder` appends to the sentence of an error that ended a recording.
REST = str(QT_TRANSLATE_NOOP("errors", "; what was recorded until then ({n} s) can be played."))


def in_words(sentence: str) -> str:
    """Return the sentence of an error in the language of the interface, or as it is."""
    rest = _pattern(".*" + _with_groups(REST)).fullmatch(sentence)
    if rest is not None:
        head = sentence[: sentence.rindex("; what")] + "."
        tail = _said(REST, {"n": rest["n"]})
        # In each language the tail says itself how it joins on.
        return in_words(head).removesuffix(".") + tail
    for template in SENTENCES:
        found = _pattern(_with_groups(template)).fullmatch(sentence)
        if found is not None:
            values = found.groupdict()
            reason = values.get("reason", "")
            if reason in REASONS:
                values["reason"] = _said(reason, {})
            return _said(template, values)
    return sentence


def _said(template: str, values: dict[str, str]) -> str:
    return QCoreApplication.translate("errors", template).format(**values)


def _with_groups(template: str) -> str:
    """Return a regular expression for a template: each {name} takes what stands in its place."""
    parts = re.split(r"\{(\w+)\}", template)
    return "".join(
        f"(?P<{part}>.+?)" if number % 2 else re.escape(part) for number, part in enumerate(parts)
    )


@functools.cache
def _pattern(expression: str) -> re.Pattern[str]:
    return re.compile(expression, re.DOTALL)
