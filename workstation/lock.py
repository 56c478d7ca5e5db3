"""One station per data folder: who holds it, and whether a lock that was left behind is stale."""

from __future__ import annotations

import json
import os
import socket
import sys
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from PySide6.QtCore import QSysInfo

from workstation.paths import DataFolderError

if sys.platform == "win32":
    import msvcrt

    _FAR = 1 << 30
    """Windows keeps others from reading what is locked, so a byte beyond the text is."""

    def _try_lock(descriptor: int) -> None:
        os.lseek(descriptor, _FAR, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError as error:
            raise BlockingIOError(error.errno, error.strerror) from error

else:
    import fcntl

    def _try_lock(descriptor: int) -> None:
        # flock and not lockf, whose lock is lost when this process closes the file a second time.
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _machine_id() -> str:
    return QSysInfo.machineUniqueId().toStdString()


def _boot_id() -> str:
    return QSysInfo.bootUniqueId().toStdString()


@dataclass(frozen=True, slots=True)
class Owner:
    """The program that holds a data folder, or held it when it was killed."""

    pid: int = field(default_factory=os.getpid)
    host: str = field(default_factory=socket.gethostname)
    """Name of its computer, for people; a computer may be renamed."""
    machine: str = field(default_factory=_machine_id)
    """The operating system's own id of the computer; empty where it has none."""
    boot: str = field(default_factory=_boot_id)
    """Id of the computer's last start, the same in all its containers; empty where unknown."""
    since: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))
    """UTC, ISO 8601."""

    def on_this_computer(self, here: Owner | None = None) -> bool:
        """Tell whether it runs, or ran, on the computer of `here` (None: of this program).

        There the operating system knows whether it still runs. Elsewhere nobody does.
        """
        here = here or Owner()
        if "" not in (self.boot, here.boot) and self.boot == here.boot:
            return True
        if "" not in (self.machine, here.machine):
            return self.machine == here.machine
        return self.host == here.host

    def __str__(self) -> str:
        """Give process, computer and time, the latter as on this computer's clock."""
        since = datetime.fromisoformat(self.since).astimezone()
        return f"process {self.pid} on {self.host}, since {since:%Y-%m-%d %H:%M}"


class StationInUseError(DataFolderError):
    """Another station holds the data folder.

    Attributes
    ----------
    folder
        The data folder.
    owner
        Who holds it; None where that could not be read.
    """

    def __init__(self, path: Path, owner: Owner | None) -> None:
        self.folder, self.owner = path.parent, owner
        who = "another program" if owner is None else str(owner)
        sentence = f"The data folder {path.parent} is in use by a station ({who}). "
        if owner is None or owner.on_this_computer():
            sentence += "Close that one first, or name another folder with --data-dir."
        else:
            sentence += (
                "A data folder serves one computer at a time: close Loupe there, or name another "
                f"folder with --data-dir. If {owner.host} will not come back, delete {path}."
            )
        super().__init__(sentence)


class StationLock:
    """Holds a data folder until it is released or the process ends, however it ends.

    The operating system's lock on the file says whether the owner lives: it goes with the process,
    so neither a killed station nor a process id in use again keeps a folder. The text in the file
    says who the owner is. It is cleared in an orderly end, so text under a free lock was left
    behind: by a program of this computer that was killed, or by another computer, whose locks may
    not reach here over a network share and which is therefore believed.

    Attributes
    ----------
    left_behind
        Who held the folder before and did not end in order; None: all ended in order.
    """

    def __init__(self, descriptor: int, left_behind: Owner | None) -> None:
        self._descriptor: int | None = descriptor
        self.left_behind = left_behind

    @classmethod
    def take(cls, path: Path) -> Self:
        """Take the lock at `path`; the file is made where there is none.

        Raises
        ------
        StationInUseError
            Another station holds it.
        DataFolderError
            The file cannot be written, or the file system knows no locks.
        """
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        except OSError as error:
            raise _cannot_lock(path, error) from error
        try:
            try:
                _try_lock(descriptor)
            except BlockingIOError as error:
                raise StationInUseError(path, _read(path)) from error
            former = _read(path)
            if former is not None and not former.on_this_computer():
                raise StationInUseError(path, former)
            _write(descriptor, json.dumps(asdict(Owner())))
        except OSError as error:
            os.close(descriptor)
            raise _cannot_lock(path, error) from error
        except StationInUseError:
            os.close(descriptor)
            raise
        return cls(descriptor, former)

    def release(self) -> None:
        """Give the folder back in order; harmless when called twice."""
        if self._descriptor is not None:
            _write(self._descriptor, "")
            os.close(self._descriptor)
            self._descriptor = None


def _cannot_lock(path: Path, error: OSError) -> DataFolderError:
    return DataFolderError(
        f"The data folder {path.parent} cannot be kept for one station: {path.name} cannot be "
        f"locked ({error.strerror}). Put the folder on a disk of this computer, and let this "
        "account write there."
    )


def _read(path: Path) -> Owner | None:
    """Read who holds or held the folder; None where nobody is named, or not understandably."""
    try:
        owner = Owner(**json.loads(path.read_bytes()))
        str(owner)
    except (OSError, ValueError, TypeError):
        return None
    return owner


def _write(descriptor: int, text: str) -> None:
    os.ftruncate(descriptor, 0)
    os.lseek(descriptor, 0, os.SEEK_SET)
    os.write(descriptor, text.encode())
    os.fsync(descriptor)
