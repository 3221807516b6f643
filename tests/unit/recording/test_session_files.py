"""Sessions read back: whole, of a killed program, and damaged in every way."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from facecam.errors import RecordingError
from facecam.recording.exports import export_session
from facecam.recording.face_records import reading_of, reading_record
from facecam.recording.session_files import is_session, read_session, session_of_video
from facecam.recording.session_folder import LedgerRow, SessionFolder, model_facts
from facecam.types import (
    ExpectationReading,
    MultiSigmoidReading,
    Reading,
    SigmoidReading,
    SoftmaxReading,
)
from tests.fakes import FACE_HEADS, analysis_at, smiling

READINGS: dict[str, Reading] = {
    "age": ExpectationReading(33.25, 28.0, 39.5),
    "gender": SoftmaxReading("female", 0.75, {"female": 0.75, "male": 0.25}, "small"),
    "smile": SigmoidReading(0.5, False, "turned"),
    "wears": MultiSigmoidReading({"hat": 0.75, "scarf": 0.25}, ("hat",), "blurred"),
}


def facts(name: str = "clip <b>&amp;.mp4", model: str = "fake") -> dict[str, Any]:
    return {
        "app_version": "0.1.0",
        "source": {
            "spec": "0",
            "name": name,
            "kind": "camera",
            "size_wh": [320, 240],
            "fps": 30.0,
            "live": True,
        },
        "model": model_facts(model, "1.0.0", "f" * 64, FACE_HEADS)
        if model
        else model_facts("", "", "", ()),
        "settings": {"blur": False, "lang": "en", "mirror": False},
        "clock": {"started_utc": "2026-01-02T03:04:05.678+00:00", "started_monotonic_s": 100.0},
        "video": {"overlay": "../a.mp4", "clean": "clean.mp4", "codec": "x", "lossless": True},
    }


def write_session(folder: Path, frames: int = 60, *, end: bool = True, **wanted: Any) -> Path:
    """Write a session in which every second frame is analysed, and face 2 comes late."""
    session = SessionFolder(folder)
    session.begin(facts(**wanted))
    for number in range(frames):
        analysis = None
        if number % 2 == 0:
            faces = [replace(smiling(1), readings=READINGS)]
            if number >= 30:
                faces.append(replace(smiling(2), predicted=True, readings={}))
            analysis = replace(analysis_at(number, *faces), source_s=number / 30)
        if number == 40:
            session.write_mark("gap", {"why": "pause", "from_t_s": 39 / 30, "to_t_s": 40 / 30})
        session.write_row(
            LedgerRow(
                frame=number,
                t_s=number / 30,
                shown=number % 3 == 0,
                analyzed=analysis is not None,
                recorded=number != 5,
                dropped="disk" if number == 5 else None,
                detected=True if analysis is not None else None,
                video_s=None if number == 5 else number / 30,
            ),
            analysis,
        )
    session.flush()
    as_killed = {path: path.read_bytes() for path in folder.iterdir()}
    session.end({"why": "stopped", "message": ""})
    if not end:
        for path, content in as_killed.items():
            path.write_bytes(content)
    return folder


@pytest.mark.parametrize("reading", READINGS.values(), ids=list(READINGS))
def test_reading_survives_being_written(reading: Reading) -> None:
    assert reading_of(reading_record(reading)) == reading


def test_session_comes_back_as_it_was(tmp_path: Path) -> None:
    session = read_session(write_session(tmp_path / "a.session"))
    header = session.header
    assert session.disagreements() == ()
    assert not session.killed
    assert (header.source_name, header.size_wh, header.live) == (
        "clip <b>&amp;.mp4",
        (320, 240),
        True,
    )
    assert (header.model, header.model_sha256) == ("fake", "f" * 64)
    assert header.overlay_path == tmp_path / "a.mp4"
    assert header.clean_path == tmp_path / "a.session" / "clean.mp4"
    assert len(session.rows) == 60
    assert session.rows[7].t_s == 7 / 30
    assert session.rows[5].dropped == "disk"
    assert len(session.analyses) == 30
    face = session.analyses[10].faces[0]
    assert dict(face.readings) == READINGS
    assert session.analyses[20].faces[1].predicted
    assert [track.track for track in session.tracks] == [1, 2]
    late = session.tracks[1]
    assert (late.first_t_s, late.last_t_s, late.frames) == (1.0, 58 / 30, 15)
    assert session.gaps[0].before_frame == 40
    assert session.duration_s == pytest.approx(59 / 30)


def test_moments_are_found_by_time_and_by_video_time(tmp_path: Path) -> None:
    session = read_session(write_session(tmp_path / "a.session"))
    assert session.at(-0.01) is None
    at = session.at(7 / 30)
    assert at is not None
    assert at.frame_id == 6
    assert session.at(100.0, max_age_s=1.0) is None
    row = session.row_at_video(5.5 / 30)
    assert row is not None
    assert row.frame == 4, "frame 5 is not in the video"
    found = session.at_video(7.5 / 30)
    assert found is not None
    assert found.frame_id == 6


def test_killed_session_is_read_up_to_its_torn_line(tmp_path: Path) -> None:
    folder = write_session(tmp_path / "a.session", end=False)
    for name in ("stats.jsonl", "ledger.jsonl"):
        path = folder / name
        path.write_bytes(path.read_bytes()[:-20])
    session = read_session(folder)
    assert session.killed
    assert session.sums is None
    assert len(session.rows) == 59
    assert session.damaged == 0, "a torn end is no damage"
    assert session.disagreements() == ()


def test_row_whose_statistics_are_missing_is_not_analysed(tmp_path: Path) -> None:
    folder = write_session(tmp_path / "a.session", end=False)
    path = folder / "stats.jsonl"
    lines = path.read_bytes().split(b"\n")
    path.write_bytes(b"\n".join([*lines[:10], b"{garbage", *lines[11:]]))
    session = read_session(folder)
    assert session.damaged == 1
    assert len(session.analyses) == 29
    assert sum(row.analyzed for row in session.rows) == 29


def test_model_that_comes_later_is_in_the_head_of_the_statistics(tmp_path: Path) -> None:
    session = SessionFolder(tmp_path / "a.session")
    session.begin(facts(name="ä" * 300, model=""))
    session.write_row(LedgerRow(0, 0.0, False, True, True, None, True, 0.0), analysis_at(0))
    session.note_model(model_facts("late", "2.0.0", "e" * 64, FACE_HEADS), 1)
    session.write_row(LedgerRow(1, 0.1, False, True, True, None, True, 0.1), analysis_at(1))
    session.end({"why": "stopped"})
    lines = (tmp_path / "a.session" / "stats.jsonl").read_text("utf-8").splitlines()
    assert json.loads(lines[0])["model"] == "late"
    assert [json.loads(line)["frame"] for line in lines[1:]] == [0, 1]
    read = read_session(tmp_path / "a.session")
    assert (read.header.model, read.header.heads[0].name) == ("late", "age")
    assert [item.model for item in read.analyses] == ["", "late"]


def test_lying_sums_are_noticed(tmp_path: Path) -> None:
    folder = write_session(tmp_path / "a.session")
    ledger = folder / "ledger.jsonl"
    ledger.write_text(ledger.read_text().replace('"captured":60', '"captured":61'))
    assert any("sums say" in item for item in read_session(folder).disagreements())
    ledger.write_text(ledger.read_text().replace('"recorded":true', '"recorded":false', 1))
    assert any("neither" in item for item in read_session(folder).disagreements())


def test_damaged_files_never_raise_anything_unexpected(tmp_path: Path) -> None:
    folder = write_session(tmp_path / "a.session", frames=12)
    whole = {path: path.read_bytes() for path in folder.iterdir()}
    rng = np.random.default_rng(0)
    refusals: list[str] = []
    for _ in range(400):
        path = sorted(whole)[int(rng.integers(len(whole)))]
        data = bytearray(whole[path])
        for _ in range(int(rng.integers(1, 6))):
            at = int(rng.integers(len(data)))
            kind = int(rng.integers(3))
            if kind == 0:
                data[at] = int(rng.integers(256))
            elif kind == 1:
                del data[at : at + int(rng.integers(1, 30))]
            else:
                data[at:at] = rng.choice([b"null", b"-1e999", b"{", b"[]", b'"x"', b"NaN", b"\xff"])
            if not data:
                break
        path.write_bytes(bytes(data))
        try:
            session = read_session(folder)
            session.disagreements()
            session.at(0.1)
            session.at_video(0.1)
            export_session(folder, tmp_path / "x.html")
        except RecordingError as error:
            refusals.append(str(error))
        path.write_bytes(whole[path])
    assert refusals
    assert not any("\n" in text for text in refusals)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"schema":"facecam-session-9"}', "x" * 10])
def test_other_files_are_refused_in_one_sentence(tmp_path: Path, content: str) -> None:
    (tmp_path / "session.json").write_text(content)
    with pytest.raises(RecordingError, match="session"):
        read_session(tmp_path)


def test_folder_that_is_no_session_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match=r"\.session"):
        read_session(tmp_path)


def test_paths_of_a_session_cannot_lead_elsewhere(tmp_path: Path) -> None:
    folder = write_session(tmp_path / "a.session")
    path = folder / "session.json"
    path.write_text(path.read_text().replace("../a.mp4", "../../../etc/a.mp4"))
    assert read_session(folder).header.overlay_path == tmp_path / "a.mp4"


def test_session_of_a_video_is_found(tmp_path: Path) -> None:
    folder = write_session(tmp_path / "a.session")
    assert is_session(folder)
    assert session_of_video(tmp_path / "a.mp4") == folder
    assert session_of_video(folder / "clean.mp4") == folder
    assert session_of_video(tmp_path / "b.mp4") is None


@pytest.mark.parametrize("kind", ["csv", "parquet", "jsonl"])
def test_session_is_exported_as_a_table(tmp_path: Path, kind: str) -> None:
    folder = write_session(tmp_path / "a.session")
    path = export_session(folder, tmp_path / f"out.{kind}")
    if kind == "jsonl":
        lines = [json.loads(line) for line in path.read_text().splitlines()]
        assert len(lines) == 31
        own = (folder / "stats.jsonl").read_text().splitlines()
        assert lines == [json.loads(line) for line in own]
        return
    if kind == "csv":
        rows = path.read_text().splitlines()
        assert len(rows) == 1 + 30 + 15
        assert "age.value" in rows[0]
        assert ",33.25,28.0,39.5," in rows[1]
        return
    import pyarrow.parquet

    table = pyarrow.parquet.read_table(path).to_pylist()
    assert len(table) == 45
    assert table[0]["age.value"] == 33.25


def test_export_by_kind_keeps_the_name_that_was_chosen(tmp_path: Path) -> None:
    folder = write_session(tmp_path / "a.session")
    path = export_session(folder, tmp_path / "out.txt", "csv")
    assert path.read_text().startswith("frame,")
    assert sorted(item.name for item in tmp_path.iterdir()) == ["a.session", "out.txt"]
    with pytest.raises(RecordingError, match=r"\.html"):
        export_session(folder, tmp_path / "out.xyz")


def test_summary_is_one_page_that_loads_nothing_and_escapes_names(tmp_path: Path) -> None:
    import xml.etree.ElementTree as ElementTree

    folder = write_session(tmp_path / "a.session")
    page = export_session(folder, tmp_path / "out.html").read_text()
    for forbidden in ("<script", "http:", "https:", "src=", "href=", "url("):
        assert forbidden not in page
    assert "clip &lt;b&gt;&amp;amp;.mp4" in page
    assert "Face 1" in page
    assert "Face 2" in page
    assert "can’t tell (small)" in page, "what the model could not tell is said"
    start = 0
    count = 0
    while (start := page.find("<svg", start)) >= 0:
        end = page.index("</svg>", start) + 6
        ElementTree.fromstring(page[start:end])
        start, count = end, count + 1
    assert count >= 4
    assert len(page) < 200_000


def test_summary_of_a_session_without_faces(tmp_path: Path) -> None:
    session = SessionFolder(tmp_path / "a.session")
    session.begin(facts())
    session.end({"why": "stopped"})
    page = export_session(tmp_path / "a.session", tmp_path / "o.html").read_text()
    assert "0 captured" in page


def test_summary_of_a_killed_session_says_so(tmp_path: Path) -> None:
    folder = write_session(tmp_path / "a.session", end=False)
    assert "was ended while it recorded" in export_session(folder, tmp_path / "o.html").read_text()
