"""Questions to the record that the window does not wait for."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

from PySide6.QtCore import QCoreApplication, QEvent, QObject, Signal, Slot

from workstation.records.errors import RecordsError

Answer = TypeVar("Answer")


class Afterwards(QObject):
    """Asks the record in a thread of its own, one question after another, in their order.

    A question takes milliseconds; a write waits for the disk and for other writers, for seconds at
    worst. In the turn of the event loop in which a part arrives and is painted, that would be a
    window that visibly stands still.

    Signals
    -------
    failed
        A sentence: what the record could not do.
    """

    failed = Signal(str)
    _answered = Signal(object, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="afterwards")
        self._unheard = 0
        self._answered.connect(self._hear)

    def ask(
        self, question: Callable[[], Answer], then: Callable[[Answer], object] | None = None
    ) -> None:
        """Ask as soon as those before are answered; `then` hears the answer in this thread."""
        self._unheard += 1
        asked = self._thread.submit(self._run, question, then)
        asked.add_done_callback(Future.result)  # what nobody expected goes to the log

    def finish(self) -> None:
        """Wait until all is answered and heard, and what that asked for in its turn."""
        while self._unheard:
            self._thread.submit(int).result()  # comes after all that was asked so far
            QCoreApplication.sendPostedEvents(self, QEvent.Type.MetaCall.value)

    def _run(self, question: Callable[[], Any], then: Callable[[Any], object] | None) -> None:
        answer, heard = None, None
        try:
            answer, heard = question(), then
        except RecordsError as error:
            self.failed.emit(str(error))
        finally:
            self._answered.emit(heard, answer)

    @Slot(object, object)
    def _hear(self, then: Callable[[Any], object] | None, answer: object) -> None:
        self._unheard -= 1
        if then is not None:
            then(answer)
