"""Draws the Source page in each of its kinds and states, to be looked at.

Run by hand: ``QT_QPA_PLATFORM=offscreen python -m tests.workstation.system.screens FOLDER``
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PySide6.QtCore import Slot
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from engine.releases.folder import Release, write_release
from engine.sources.base import (
    CameraConfig,
    FolderConfig,
    PartIsStill,
    SimulatorConfig,
    SourceConfig,
    SourceStatus,
    StreamConfig,
)
from engine.sources.camera.devices import CameraFound
from engine.types import EngineState, Image, Verdict
from tests.small_parts import DrawnPicture, fitted, small_recipe
from tests.workstation.inspection import screens as inspect_screens
from tests.workstation.inspection.screens import SIZES, a_ring
from workstation.inspection.status_line import StationFacts
from workstation.main_window import MainWindow
from workstation.system.camera_search import CameraSearch
from workstation.system.controller import SourceController
from workstation.system.page import SystemPage
from workstation.widgets.style import load_palette

CAMERAS = (
    CameraFound(
        "/dev/v4l/by-id/usb-Basler_daA1920-video-index0", "Basler daA1920-30uc (USB 3)", stable=True
    ),
    CameraFound("2", "HD Webcam C270", stable=False),
)


def ring_release(folder: Path) -> Release:
    pictures = [DrawnPicture(f"{n}.png", a_ring(n), str(n)) for n in range(6)]
    return write_release(fitted(small_recipe(part="ring 40", size=128), pictures), folder)


class Stage:
    """The window with the Source page open, on a fake engine that shows what it is given."""

    def __init__(self, release: Release) -> None:
        self.inspect = inspect_screens.Stage()
        self.source: SourceConfig = FolderConfig(path=Path("/data/line1/pictures"))
        self.wanted = False
        self.controller = SourceController(
            station_source=lambda: self.source, line_wanted=lambda: self.wanted
        )
        self.release = release
        self.image: Image | None = a_ring(1)
        self.search = CameraSearch(lambda: CAMERAS)
        self.page = SystemPage(self.controller, self.search, load_palette())
        self.page.view.wanted.connect(self._answer)
        self.inspect.window.close_now()
        self.window = MainWindow(
            self.inspect.page,
            self.inspect.controller.line,
            load_palette(),
            facts=lambda: StationFacts("line-1", "local", 212.4, 0),
            system=self.page,
        )
        self.status("folder", "Watching /data/line1/pictures, 0 pictures waiting.")
        self.controller.release_changed(release)
        self.controller.state_changed(EngineState.READY, "")

    def status(self, name: str, sentence: str, *, healthy: bool = True, **more: object) -> None:
        status = SourceStatus(name, sentence, healthy, **more)  # type: ignore[arg-type]
        self.controller.source_changed(status)
        self.inspect.controller.source_changed(status)

    def runs(self) -> None:
        self.wanted = True
        self.inspect.shift(Verdict.OK)
        self.controller.state_changed(EngineState.CONTINUOUS_EXECUTION, "")
        rng = np.random.default_rng(0)
        for _ in range(200):
            ms = rng.gamma(4, (2, 5, 0.5, 0.05))
            stages = ("preprocess", "method", "map", "judge")
            self.controller.latencies.add(dict(zip(stages, map(float, ms), strict=True)))

    def form(self, kind: str, **values: str) -> None:
        self.page.kinds.keys[kind].click()
        self.page.form.show_values({name.replace("__", "."): v for name, v in values.items()})

    def show(self) -> None:
        self.window.open_page(1)

    @Slot()
    def _answer(self) -> None:
        self.page.view.show_picture(self.image)


def folder(s: Stage) -> None:
    s.inspect.shift(Verdict.OK)
    s.inspect.controller.state_changed(EngineState.READY, "")


def running(s: Stage) -> None:
    s.runs()
    s.inspect.part(Verdict.NG)


def stop_first(s: Stage) -> None:
    s.runs()
    s.form("camera", device=CAMERAS[0].device)
    s.page.test_key.click()


def camera(s: Stage) -> None:
    s.form("camera")


def camera_test(s: Stage) -> None:
    s.form("camera", device=CAMERAS[0].device, width="1280", height="1024", exposure="120")
    s.page.test_key.click()
    s.status(
        "camera",
        "Camera Basler daA1920-30uc: 1280 × 1024 MJPG; the driver did not take exposure 120 (it is "
        "156).",
        skipped=12,
        frames_per_s=29.8,
    )
    s.page.outline_key.click()


def camera_still(s: Stage) -> None:
    s.source = CameraConfig(device=CAMERAS[1].device, trigger=PartIsStill())
    s.status("camera", "HD Webcam C270: 1280 × 1024 YUYV. Waiting for a part.", frames_per_s=14.9)


def wrong(s: Stage) -> None:
    s.form("camera", device="", width="wide", height="-4", pixel_format="MJ", gain="1e")
    s.page.test_key.click()


def stream(s: Stage) -> None:
    s.source = StreamConfig(url="rtsp://loupe:secret@10.0.4.17:554/stream1?channel=2")
    s.status(
        "stream",
        "rtsp://10.0.4.17:554/stream1 has given no picture since 14:02:11: the server does not "
        "answer. Next try in 5 s.",
        healthy=False,
    )
    s.image = None


def simulator(s: Stage) -> None:
    s.source = SimulatorConfig()
    s.inspect.shift(Verdict.REVIEW, simulated=True)
    s.status("simulator", "The simulator makes a ring every 1 s.")


def out_of_focus(s: Stage) -> None:
    import cv2

    s.form("camera", device=CAMERAS[0].device)
    s.page.test_key.click()
    s.image = np.asarray(cv2.GaussianBlur(a_ring(1), (0, 0), 3), np.uint8)
    s.status("camera", "Camera Basler daA1920-30uc: 1280 × 1024 MJPG.", frames_per_s=30.0)


def could_not_open(s: Stage) -> None:
    s.form("replay", path="/data/pictures/none")
    s.page.test_key.click()
    s.controller.refused(
        "There is no picture in /data/pictures/none; choose a folder with PNG, JPEG, BMP, TIFF, "
        "WebP or GIF files directly inside."
    )
    s.image = None


def no_release(s: Stage) -> None:
    s.controller.release = None
    s.controller.__dict__.pop("set_up", None)
    s.form("video", path="/data/line1.mp4")
    s.page.use_key.click()


def message(s: Stage) -> None:
    s.runs()
    s.inspect.part(Verdict.REVIEW)
    s.inspect.controller.refused("The settings could not be saved (disk full). " * 4)


STATES: tuple[Callable[[Stage], None], ...] = (
    folder, running, stop_first, camera, camera_test, camera_still, wrong, stream, simulator,
    out_of_focus, could_not_open, no_release, message,
)  # fmt: skip


def draw(folder: Path, only: set[str]) -> None:
    app = QApplication.instance() or QApplication(sys.argv)
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        release = ring_release(Path(temporary) / "ring")
        for state in STATES:
            if only and state.__name__ not in only:
                continue
            for width, height in SIZES:
                stage = Stage(release)
                stage.window.resize(width, height)
                stage.window.show()
                stage.show()
                QTest.qWait(50)
                state(stage)
                QTest.qWait(900)
                stage.window.refresh()
                stage.window.grab().save(str(folder / f"{state.__name__}-{height}.png"))
                stage.window.close_now()
    del app


if __name__ == "__main__":
    draw(Path(sys.argv[1]), set(sys.argv[2:]))
