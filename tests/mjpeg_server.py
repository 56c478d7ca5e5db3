"""A network camera on the loopback: MJPEG over HTTP, in a process of its own that can be killed.

``python -m tests.mjpeg_server PORT [--frames-per-s 20] [--same]`` prints its port when it is ready.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType

import cv2
import numpy as np

SIZE = (96, 64)
"""Width and height of the pictures."""
_BOUNDARY = "frame"


class MjpegServer:
    """Starts the server, kills it, and starts it again on the same port."""

    def __init__(self, *options: str) -> None:
        self._options = options
        self._process: subprocess.Popen[str] | None = None
        self.port = 0

    @property
    def url(self) -> str:
        """Where its stream is, with a name and a password in it."""
        return f"http://anna:s3cret@127.0.0.1:{self.port}/line?pwd=s3cret"

    def start(self) -> None:
        """Start it and wait until it listens."""
        command = [sys.executable, "-m", "tests.mjpeg_server", str(self.port), *self._options]
        self._process = subprocess.Popen(
            command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[1]
        )
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())

    def kill(self) -> None:
        """End it at once, as a pulled plug does."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def signal(self, number: int) -> None:
        """Send it a signal, such as one that halts it."""
        if self._process is not None:
            self._process.send_signal(number)

    def __enter__(self) -> MjpegServer:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()


class _Camera(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, port: int, *, frames_per_s: float, same: bool) -> None:
        super().__init__(("127.0.0.1", port), _Stream)
        self.interval_s = 1 / frames_per_s
        rng = np.random.default_rng(1)
        count = 1 if same else 50
        shape = (count, SIZE[1], SIZE[0], 3)
        self.pictures = [
            cv2.imencode(".jpg", picture)[1].tobytes()
            for picture in rng.integers(0, 256, shape, np.uint8)
        ]


class _Stream(BaseHTTPRequestHandler):
    server: _Camera

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", f"multipart/x-mixed-replace; boundary={_BOUNDARY}")
        self.end_headers()
        number = 0
        while True:
            picture = self.server.pictures[number % len(self.server.pictures)]
            head = f"--{_BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(picture)}"
            try:
                self.wfile.write(head.encode() + b"\r\n\r\n" + picture + b"\r\n")
            except OSError:  # whoever looked has gone
                return
            number += 1
            time.sleep(self.server.interval_s)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Stay silent."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("port", type=int, help="0: any that is free")
    parser.add_argument("--frames-per-s", type=float, default=20.0)
    parser.add_argument("--same", action="store_true", help="the very same picture all the time")
    chosen = parser.parse_args()
    camera = _Camera(chosen.port, frames_per_s=chosen.frames_per_s, same=chosen.same)
    sys.stdout.write(f"{camera.server_address[1]}\n")
    sys.stdout.flush()
    camera.serve_forever()


if __name__ == "__main__":
    main()
