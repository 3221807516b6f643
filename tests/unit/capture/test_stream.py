"""Streams: every wait is bounded, a live stream and a file behind a URL are told apart."""

import socket
import threading
from collections.abc import Callable

import pytest

from facecam.capture.source import without_password
from facecam.capture.stream import StreamSource
from facecam.errors import StreamError
from tests.fakes import WAIT_S

from .conftest import Server, WriteVideo, jpeg, number_of, numbered

Serve = Callable[..., Server]


def never_answer(connection: socket.socket, stopped: threading.Event) -> None:
    stopped.wait(WAIT_S)


def motion_jpeg(pictures: int, then: Callable[[threading.Event], None]) -> Callable[..., None]:
    """Return an answer of so many pictures as network cameras send them; `then` follows."""

    def answer(connection: socket.socket, stopped: threading.Event) -> None:
        connection.recv(4096)
        connection.sendall(
            b"HTTP/1.0 200 OK\r\nContent-Type: multipart/x-mixed-replace;boundary=cut\r\n\r\n"
        )
        for index in range(pictures):
            content = jpeg(numbered(index, (320, 240)))
            head = f"--cut\r\nContent-Type: image/jpeg\r\nContent-Length: {len(content)}\r\n\r\n"
            connection.sendall(head.encode() + content + b"\r\n")
        connection.sendall(b"--cut\r\n")
        then(stopped)

    return answer


def file_answer(content: bytes, announced: int | None = None) -> Callable[..., None]:
    """Return an answer that sends one file whole, as a plain web server does."""

    def answer(connection: socket.socket, stopped: threading.Event) -> None:
        connection.recv(4096)
        size = len(content) if announced is None else announced
        head = f"HTTP/1.0 200 OK\r\nContent-Type: video/mp4\r\nContent-Length: {size}\r\n\r\n"
        connection.sendall(head.encode() + content)

    return answer


def test_server_that_never_answers(serve: Serve) -> None:
    server = serve(never_answer)
    source = StreamSource(server.url(), open_timeout_s=0.4, read_timeout_s=0.4)
    with pytest.raises(StreamError, match=r"did not answer within 0\.4 s: check the address"):
        source.open()
    source.close()


def test_rtsp_server_that_never_answers(serve: Serve) -> None:
    server = serve(never_answer)
    url = f"rtsp://127.0.0.1:{server.port}/cam"
    source = StreamSource(url, open_timeout_s=0.4, read_timeout_s=0.4)
    with pytest.raises(StreamError, match=r"did not answer within 0\.4 s"):
        source.open()
    source.close()


def test_waits_are_bounded_unless_told_otherwise() -> None:
    """`FrameSource.open` promises 10 s at most."""
    source = StreamSource("http://127.0.0.1/")
    assert source._open_timeout_s + 1.0 < 10
    assert source._read_timeout_s < 10


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    source = StreamSource(f"http://127.0.0.1:{port}/video", open_timeout_s=WAIT_S)
    with pytest.raises(StreamError, match="cannot be opened: check that the address is right"):
        source.open()
    source.close()


def test_page_in_place_of_a_video(serve: Serve) -> None:
    server = serve(file_answer(b"<html><body>Hello</body></html>" * 50))
    source = StreamSource(server.url("/index.html"), open_timeout_s=WAIT_S)
    with pytest.raises(StreamError, match="gives video|of a video"):
        source.open()
    source.close()


def test_live_stream_ends_with_an_error(serve: Serve) -> None:
    server = serve(motion_jpeg(8, lambda stopped: None))
    source = StreamSource(server.url(), open_timeout_s=WAIT_S, read_timeout_s=WAIT_S)
    source.open()
    assert (source.info.kind, source.info.live) == ("stream", True)
    assert source.info.size_wh == (320, 240)
    ids: list[int] = []
    times: list[float] = []

    def drain() -> None:
        while (frame := source.read()) is not None:
            ids.append(frame.frame_id)
            times.append(frame.source_s)

    with pytest.raises(StreamError, match="was ended by its server after .* pictures: open it"):
        drain()
    source.close()
    # The newest picture wins, so some may be missing, but their order and count are right.
    assert ids == sorted(set(ids))
    assert 1 <= len(ids) <= ids[-1] + 1 <= 8
    assert times == sorted(set(times))


def test_live_stream_that_falls_silent(serve: Serve) -> None:
    server = serve(motion_jpeg(8, lambda stopped: stopped.wait(WAIT_S)))
    source = StreamSource(server.url(), open_timeout_s=WAIT_S, read_timeout_s=0.4)
    source.open()

    def drain() -> None:
        while source.read() is not None:
            pass

    with pytest.raises(StreamError, match=r"fell silent for 0\.4 s: check the network"):
        drain()
    source.close()


def test_file_behind_a_url_is_read_frame_by_frame(serve: Serve, write_video: WriteVideo) -> None:
    path = write_video(frames=10, fps=20, options={"movflags": "+faststart"})
    server = serve(file_answer(path.read_bytes()))
    source = StreamSource(server.url("/clip.mp4"), open_timeout_s=WAIT_S)
    source.open()
    assert (source.info.live, source.info.frame_count) == (False, 10)
    frames = []
    while (frame := source.read()) is not None:
        frames.append(frame)
    source.close()
    assert [number_of(frame.image_bgr) for frame in frames] == list(range(10))
    assert [frame.source_s for frame in frames] == pytest.approx([i / 20 for i in range(10)])


def test_file_behind_a_url_that_is_cut_off(serve: Serve, write_video: WriteVideo) -> None:
    content = write_video(frames=60, noise=True, options={"movflags": "+faststart"}).read_bytes()
    server = serve(file_answer(content[: len(content) // 2]))
    source = StreamSource(server.url("/clip.mp4"), open_timeout_s=WAIT_S)
    source.open()

    def drain() -> None:
        while source.read() is not None:
            pass

    with pytest.raises(StreamError, match="was cut off after .* of 60 pictures: open it again"):
        drain()
    source.close()


def test_close_ends_a_pending_read(serve: Serve) -> None:
    server = serve(motion_jpeg(8, lambda stopped: stopped.wait(WAIT_S)))
    source = StreamSource(server.url(), open_timeout_s=WAIT_S, read_timeout_s=WAIT_S)
    source.open()
    frames: list[object] = []
    reading = threading.Thread(target=lambda: frames.extend(iter(source.read, None)))
    reading.start()
    source.close()
    reading.join(WAIT_S)
    assert not reading.is_alive()


def test_names_of_files_stay_as_they_are() -> None:
    assert without_password("take #1@home.mp4") == "take #1@home.mp4"


def test_password_is_never_shown() -> None:
    shown = without_password("rtsp://admin:secret@10.0.0.7:554/live?x=1")
    assert shown == "rtsp://10.0.0.7:554/live?x=1"
    assert StreamSource("http://me:secret@127.0.0.1/a").info.name == "http://127.0.0.1/a"
