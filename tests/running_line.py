"""A real engine thread for tests, with a source and a recorder that do as they are told."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any

from PySide6.QtCore import QObject, QThread, Slot
from pytestqt.qtbot import QtBot

from engine.releases.library import Library
from engine.sources.base import PartName, SourceStatus
from engine.types import (
    EngineState,
    Fault,
    FileKey,
    FitStep,
    Frame,
    Image,
    Inspection,
    Origin,
)
from tests.small_parts import frame_of, good_image
from workstation.engine_thread import EngineThread

PATIENCE_MS = 10_000


class ScriptedSource:
    """A `Source` that gives what was put into it; an exception is raised."""

    def __init__(self, items: Iterable[Frame | Fault | Exception | None] = ()) -> None:
        self.items = deque(items)
        self.grabs = 0
        self.closed_in: list[QThread] = []

    def grab(self) -> Frame | Fault | None:
        self.grabs += 1
        item = self.items.popleft() if self.items else None
        if isinstance(item, Exception):
            raise item
        return item

    def take_again(self, origin: Origin, attempt: int) -> None:
        again = frame_of(good_image(100), origin.number)
        self.items.appendleft(replace(again, origin=replace(origin, attempt=attempt)))

    def preview(self) -> Image | None:
        return next((item.image for item in self.items if isinstance(item, Frame)), None)

    def status(self) -> SourceStatus:
        return SourceStatus(name="script", sentence="As written.", healthy=True)

    def close(self) -> None:
        self.closed_in.append(QThread.currentThread())


class ListRecorder:
    """A `Recorder` in memory; `before` is called with each thing before it is written."""

    def __init__(self) -> None:
        self.person = "local"
        self.rows: list[Inspection | Fault] = []
        self.before: Callable[[Inspection | Fault], object] = lambda _: None

    def record(self, inspection: Inspection) -> int:
        return self._write(inspection)

    def record_fault(self, fault: Fault) -> int:
        return self._write(fault)

    def seen(self, key: FileKey) -> bool:
        return False

    def name_part(self, code: str | None, taken_at: datetime) -> PartName:
        return PartName(code or f"part {len(self.rows) + 1}", 1)

    def next_attempt(self, origin: Origin) -> int:
        return origin.attempt + 1

    def _write(self, thing: Inspection | Fault) -> int:
        self.before(thing)
        self.rows.append(thing)
        return len(self.rows)


class Gate:
    """Holds the worker's thread in the recorder until it is opened."""

    def __init__(self) -> None:
        self.reached = threading.Event()
        self._open = threading.Event()

    def __call__(self, _thing: object) -> None:
        self.reached.set()
        assert self._open.wait(PATIENCE_MS / 1000)

    def open(self) -> None:
        self._open.set()


class Heard(QObject):
    """What the window's thread was told, in order."""

    def __init__(self, engine: EngineThread) -> None:
        super().__init__()
        self.inspected: list[tuple[int, Inspection]] = []
        self.faulted: list[tuple[int, Fault]] = []
        self.began: list[Origin] = []
        self.states: list[tuple[EngineState, str]] = []
        self.sources: list[SourceStatus] = []
        self.releases: list[Any] = []
        self.steps: list[FitStep] = []
        self.fits: list[tuple[Any, str]] = []
        self.refused: list[str] = []
        self.left_gpu: list[str] = []
        self.beats: list[float] = []
        self.previews: list[Image | None] = []
        self.parts_done = 0
        self.ended: list[bool] = []
        worker = engine.worker
        worker.inspected.connect(self._inspected)
        worker.faulted.connect(self._faulted)
        worker.began.connect(self._began)
        worker.state_changed.connect(self._state_changed)
        worker.source_changed.connect(self._source_changed)
        worker.release_changed.connect(self._release_changed)
        worker.fit_progressed.connect(self._fit_progressed)
        worker.fit_ended.connect(self._fit_ended)
        worker.refused.connect(self._refused)
        worker.device_changed.connect(self._device_changed)
        worker.beat.connect(self._beat)
        worker.previewed.connect(self._previewed)
        worker.parts_done.connect(self._parts_done)
        engine.ended.connect(self._ended)

    @property
    def state(self) -> EngineState | None:
        return self.states[-1][0] if self.states else None

    @Slot(int, object)
    def _inspected(self, number: int, inspection: Inspection) -> None:
        self.inspected.append((number, inspection))

    @Slot(int, object)
    def _faulted(self, number: int, fault: Fault) -> None:
        self.faulted.append((number, fault))

    @Slot(object)
    def _began(self, origin: Origin) -> None:
        self.began.append(origin)

    @Slot(object, str)
    def _state_changed(self, state: EngineState, sentence: str) -> None:
        self.states.append((state, sentence))

    @Slot(object)
    def _source_changed(self, status: SourceStatus) -> None:
        self.sources.append(status)

    @Slot(object)
    def _release_changed(self, release: object) -> None:
        self.releases.append(release)

    @Slot(object)
    def _fit_progressed(self, step: FitStep) -> None:
        self.steps.append(step)

    @Slot(object, str)
    def _fit_ended(self, release: object, sentence: str) -> None:
        self.fits.append((release, sentence))

    @Slot(str)
    def _refused(self, sentence: str) -> None:
        self.refused.append(sentence)

    @Slot(str)
    def _device_changed(self, sentence: str) -> None:
        self.left_gpu.append(sentence)

    @Slot(float)
    def _beat(self, seconds: float) -> None:
        self.beats.append(seconds)

    @Slot(object)
    def _previewed(self, image: Image | None) -> None:
        self.previews.append(image)

    @Slot()
    def _parts_done(self) -> None:
        self.parts_done += 1

    @Slot(bool)
    def _ended(self, in_order: bool) -> None:
        self.ended.append(in_order)


class RunningLine:
    """An engine thread that runs, with all that stands around it."""

    def __init__(self, qtbot: QtBot, library: Library) -> None:
        self._qtbot = qtbot
        self.library = library
        self.recorder = ListRecorder()
        self.engine = EngineThread(self.recorder, library, device="cpu")
        self.heard = Heard(self.engine)

    @property
    def thread(self) -> QThread:
        return self.engine.worker.thread()

    def until(self, condition: Callable[[], object]) -> None:
        """Let the window's event loop turn until the condition holds."""
        self._qtbot.waitUntil(lambda: bool(condition()), timeout=PATIENCE_MS)

    def take(self, *items: Frame | Fault | Exception | None) -> ScriptedSource:
        """Change to a source that gives `items`."""
        source = ScriptedSource(items)
        self.engine.source_requested.emit(source)
        return source

    def end(self) -> None:
        if not self.heard.ended:
            self.engine.end()
        self.until(lambda: self.heard.ended)
        # Where it was given up while it was held, it goes on to its end now.
        self.until(lambda: self.thread.isFinished())


@contextmanager
def running_line(qtbot: QtBot, library: Library) -> Iterator[RunningLine]:
    """Start an engine thread and end it in order, whatever the test did."""
    line = RunningLine(qtbot, library)
    line.engine.start()
    try:
        yield line
    finally:
        line.end()
        assert line.thread.isFinished()


def frames(count: int, *, first: int = 1) -> list[Frame]:
    return [frame_of(good_image(100 + n), n) for n in range(first, first + count)]
