"""The QThread that runs the one EngineWorker, and how it ends."""

from __future__ import annotations

from PySide6.QtCore import QObject, QThread, QTimer, Signal, Slot

from engine.execution import Recorder
from engine.releases.library import Library
from engine.worker import EngineWorker

PATIENCE_MS = 8_000
"""How long an orderly end may take; longer than the slowest single inspection or fit step."""


class EngineThread(QObject):
    """Owns thread and worker. Commands are signals; nobody calls a slot of the worker.

    Signals
    -------
    ended
        True when the thread has ended in order; False when it does not answer any more and the
        process must end without it.
    """

    start_requested = Signal()
    parts_requested = Signal(int)
    stop_requested = Signal()
    source_requested = Signal(object)
    adjustment_requested = Signal(object)
    again_requested = Signal(object)
    preview_requested = Signal()
    trigger_requested = Signal()
    scan_requested = Signal(str)
    release_requested = Signal(str)
    limits_requested = Signal(object, str)
    fit_requested = Signal(object, object)
    cancel_fit_requested = Signal()
    acknowledged = Signal()
    end_requested = Signal()
    ended = Signal(bool)

    def __init__(self, recorder: Recorder, library: Library, *, device: str) -> None:
        super().__init__()
        self._thread = QThread()
        self._thread.setObjectName("engine")
        self.worker = worker = EngineWorker(recorder, library, device=device)
        worker.moveToThread(self._thread)
        self._thread.started.connect(worker.open)
        self.start_requested.connect(worker.start)
        self.parts_requested.connect(worker.inspect_parts)
        self.stop_requested.connect(worker.stop)
        self.source_requested.connect(worker.set_source)
        self.adjustment_requested.connect(worker.adjust_source)
        self.again_requested.connect(worker.inspect_again)
        self.preview_requested.connect(worker.preview)
        # Not slots: they run at once in the window's thread, while the engine may be inspecting.
        self.trigger_requested.connect(worker.orders.trigger)
        self.scan_requested.connect(worker.orders.scan)
        self.release_requested.connect(worker.activate)
        self.limits_requested.connect(worker.move_limits)
        self.fit_requested.connect(worker.fit)
        self.cancel_fit_requested.connect(worker.cancel_fit)
        self.acknowledged.connect(worker.acknowledge)
        self.end_requested.connect(worker.shut_down)
        worker.inspected.connect(self._received)
        worker.stopped.connect(self._thread.quit)
        self._thread.finished.connect(self._finished)
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.setInterval(PATIENCE_MS)
        self._patience.timeout.connect(self._give_up)

    def start(self) -> None:
        """Start the thread; the worker opens itself in it."""
        self._thread.start()

    def end(self, *, wait: bool = True) -> None:
        """End in order and emit `ended`; without `wait` give up at once (the engine hangs)."""
        self.end_requested.emit()
        if wait:
            self._patience.start()
        else:
            self._give_up()

    @Slot(int, object)
    def _received(self, _number: int, _inspection: object) -> None:
        self.acknowledged.emit()

    @Slot()
    def _finished(self) -> None:
        self._patience.stop()
        self._thread.wait()
        self.ended.emit(True)

    @Slot()
    def _give_up(self) -> None:
        self._patience.stop()
        self.ended.emit(False)
