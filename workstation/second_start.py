"""A second start in the same data folder shows the window of the first."""

from __future__ import annotations

import hashlib
import logging
import os
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtNetwork import QLocalServer, QLocalSocket

log = logging.getLogger(__name__)

PATIENCE_MS = 3_000
"""How long a second start waits for an answer; the first may be busy painting."""
_SHOW = b"show\n"
_SHOWN = b"shown\n"


class FirstWindow(QObject):
    """Listens for second starts by the same account of this computer.

    To be made by who holds the folder's lock: what was left at the address is taken away.

    Signals
    -------
    called
        The window is to come to the front.
    """

    called = Signal()

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._server = QLocalServer(self)
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        self._server.newConnection.connect(self._greet)
        name = _address(folder)
        QLocalServer.removeServer(name)
        if not self._server.listen(name):
            log.warning("A second start will not find this window: %s", self._server.errorString())

    def close(self) -> None:
        """Listen no longer."""
        self._server.close()

    @Slot()
    def _greet(self) -> None:
        while (socket := self._server.nextPendingConnection()) is not None:
            socket.readyRead.connect(self._hear)
            socket.disconnected.connect(socket.deleteLater)

    @Slot()
    def _hear(self) -> None:
        socket = self.sender()
        if isinstance(socket, QLocalSocket) and socket.readAll().data() == _SHOW:
            self.called.emit()
            socket.write(_SHOWN)
            socket.flush()


def show_first_window(folder: Path) -> bool:
    """Have the window of the station in `folder` come to the front; False where it has none."""
    socket = QLocalSocket()
    socket.connectToServer(_address(folder))
    if not socket.waitForConnected(PATIENCE_MS):
        return False
    socket.write(_SHOW)
    shown = socket.waitForReadyRead(PATIENCE_MS) and socket.readAll().data() == _SHOWN
    socket.close()
    return bool(shown)


def _address(folder: Path) -> str:
    """Name the local socket after the folder, however it was spelled."""
    spelled = os.path.normcase(folder.resolve())
    return f"loupe-{hashlib.sha256(spelled.encode()).hexdigest()[:16]}"
