"""A small network camera that fails on request: motion JPEG over HTTP, in a process of its own.

    python -m facecam.torture.stream_server --port 8123 --size 320x240 --fps 25

It says "ready PORT" on stdout, then obeys one word a line on stdin: `go` (living pictures), `stall`
(stop in the middle of a picture, keep the connection), `cut` (drop every connection), `freeze` (the
same picture for ever), `black`, `size WxH`. It ends with its stdin.
"""

import argparse
import contextlib
import socket
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from types import TracebackType
from typing import IO

import cv2
import numpy as np

_PICTURES = 16
_BOUNDARY = b"--cut\r\n"
_HEAD = (
    b"HTTP/1.0 200 OK\r\nCache-Control: no-cache\r\n"
    b"Content-Type: multipart/x-mixed-replace;boundary=cut\r\n\r\n"
)
START_TIMEOUT_S = 30.0


def jpegs(size_wh: tuple[int, int], count: int = _PICTURES) -> list[bytes]:
    """Return pictures of which no two are alike, as JPEG files."""
    width, height = size_wh
    rng = np.random.default_rng(width * height)
    small = rng.integers(40, 215, (count, 12, 16, 3), np.uint8)
    pictures = [cv2.resize(item, size_wh, interpolation=cv2.INTER_LINEAR) for item in small]
    return [cv2.imencode(".jpg", picture)[1].tobytes() for picture in pictures]


@dataclass(slots=True)
class _Orders:
    """What the connections are to do. Guarded by `changed`."""

    mode: str = "go"
    cuts: int = 0
    living: list[bytes] = field(default_factory=list)
    black: bytes = b""
    changed: threading.Condition = field(default_factory=threading.Condition)

    def set_size(self, size_wh: tuple[int, int]) -> None:
        living = jpegs(size_wh)
        dark = np.zeros((size_wh[1], size_wh[0], 3), np.uint8)
        black = cv2.imencode(".jpg", dark)[1].tobytes()
        with self.changed:
            self.living, self.black = living, black

    def obey(self, line: str) -> None:
        word, _, rest = line.strip().partition(" ")
        if word == "size":
            width, _, height = rest.partition("x")
            self.set_size((int(width), int(height)))
            return
        with self.changed:
            if word == "cut":
                self.cuts += 1
            else:
                self.mode = word
            self.changed.notify_all()


def _serve(connection: socket.socket, orders: _Orders, step_s: float) -> None:
    """Feed one viewer until it is cut off or goes away."""
    with connection, contextlib.suppress(OSError):
        connection.recv(4096)
        connection.sendall(_HEAD)
        cuts, number = orders.cuts, 0
        while True:
            with orders.changed:
                mode = orders.mode
                picture = orders.living[0 if mode == "freeze" else number % len(orders.living)]
                if mode == "black":
                    picture = orders.black
            part = (
                _BOUNDARY
                + f"Content-Type: image/jpeg\r\nContent-Length: {len(picture)}\r\n\r\n".encode()
                + picture
                + b"\r\n"
            )
            if mode == "stall":
                half = len(part) // 2
                connection.sendall(part[:half])
                with orders.changed:
                    orders.changed.wait_for(lambda: orders.mode != "stall" or orders.cuts != cuts)
                part = part[half:]
            if orders.cuts != cuts:
                return
            connection.sendall(part)
            number += 1
            with orders.changed:
                orders.changed.wait(step_s)  # an order is obeyed at once


def main() -> None:
    """Serve until stdin ends."""
    parser = argparse.ArgumentParser(description="A network camera that fails on request.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--size", default="320x240")
    parser.add_argument("--fps", type=float, default=25.0)
    options = parser.parse_args()
    orders = _Orders()
    orders.obey(f"size {options.size}")
    listener = socket.create_server(("127.0.0.1", options.port))

    def accept() -> None:
        while True:
            connection, _ = listener.accept()
            arguments = (connection, orders, 1.0 / options.fps)
            threading.Thread(target=_serve, args=arguments, daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    print("ready", listener.getsockname()[1], flush=True)
    for line in sys.stdin:
        orders.obey(line)


class StreamServer:
    """The server as a child process. Owned by one thread.

    Args:
        port: Port on the loopback; 0 takes a free one, which stays the same over restarts.
        size_wh: Size of the pictures.
        fps: Rate in hertz.
    """

    def __init__(
        self, port: int = 0, size_wh: tuple[int, int] = (320, 240), fps: float = 25.0
    ) -> None:
        self.port = port
        self._fps = fps
        self._process: subprocess.Popen[str] | None = None
        self.start(size_wh)

    @property
    def url(self) -> str:
        """Address of the stream."""
        return f"http://127.0.0.1:{self.port}/video"

    def start(self, size_wh: tuple[int, int]) -> None:
        """Start it and wait until it takes connections."""
        command = [sys.executable, "-m", "facecam.torture.stream_server"]
        command += ["--port", str(self.port), "--size", f"{size_wh[0]}x{size_wh[1]}"]
        command += ["--fps", str(self._fps)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        word, _, port = _pipe(self._process.stdout).readline().strip().partition(" ")
        if word != "ready":
            raise RuntimeError("the stream server did not start")
        self.port = int(port)

    def order(self, line: str) -> None:
        """Send it one order."""
        if self._process is not None:
            pipe = _pipe(self._process.stdin)
            pipe.write(line + "\n")
            pipe.flush()

    def kill(self) -> None:
        """End it as a crash would, with SIGKILL."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            with contextlib.suppress(OSError):
                _pipe(pipe).close()

    def __enter__(self) -> "StreamServer":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()


def _pipe(pipe: IO[str] | None) -> IO[str]:
    assert pipe is not None
    return pipe


if __name__ == "__main__":
    main()
