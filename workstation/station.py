"""The station without its window: data folder, settings, record and releases, opened and closed."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from engine.releases.library import Library
from workstation.lock import StationLock
from workstation.log import start_log, stop_log
from workstation.paths import DataFolder, find_data_folder
from workstation.records.images import PictureWriter
from workstation.records.maintenance import Maintenance
from workstation.records.schema import open_record
from workstation.records.statistics import Statistics
from workstation.records.store import Store
from workstation.settings import load_settings, save_settings
from workstation.whole_file import remove_parts

log = logging.getLogger(__name__)


class Station:
    """Everything that lies in the data folder; a context manager that closes it in order.

    Attributes
    ----------
    notes
        Sentences for people about what was found on opening: another folder, bad settings.
    last_sign_of_life
        When the record's newest row was written before this run, UTC; None for a new record.
    tell
        Takes further sentences for people; until a window sets it they join the notes.
    """

    def __init__(
        self,
        folder: DataFolder,
        lock: StationLock,
        log_handlers: tuple[logging.Handler, ...],
        notes: list[str],
    ) -> None:
        self.folder = folder
        self._lock = lock
        self._log_handlers = log_handlers
        if lock.left_behind is not None:
            log.warning("Taken over from a station that was cut off (%s)", lock.left_behind)
        with suppress(OSError):  # they do no harm, and the log below says what else is wrong
            remove_parts(folder.root)
        self.settings, warnings = load_settings(folder.settings)
        self.notes = notes + warnings
        self.tell: Callable[[str], None] = self.notes.append
        name = self.settings.station
        self.database_url = self.settings.database_url or folder.database_url
        self.database = open_record(self.database_url, station=name)
        self.pictures = PictureWriter(folder.pictures, self.database, name)
        self.store = Store(self.database, name, self.pictures)
        self.store.lot, self.store.recipe = self.settings.lot, self.settings.recipe
        self.statistics = Statistics(self.database, name, pictures=folder.pictures)
        # Asked before this run writes anything down.
        self.last_sign_of_life = self.statistics.last_sign_of_life()
        self._maintenance = Maintenance(self.database, name, folder.anchors)
        self.library = Library(folder.releases)

    @classmethod
    def open(cls, data_dir: Path | None) -> Self:
        """Open the station's data folder.

        Raises
        ------
        StationInUseError
            Another station holds the folder.
        DataFolderError
            The folder cannot be written.
        RecordsError
            The record cannot be opened.
        """
        folder, note = find_data_folder(data_dir)
        folder.create()
        lock = StationLock.take(folder.lock)
        log_handlers = start_log(folder.logs)
        try:
            return cls(folder, lock, log_handlers, [] if note is None else [note])
        except BaseException:
            stop_log(log_handlers)
            lock.release()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Write what waits, anchor the record, and close it."""
        self.pictures.close()
        self._maintenance.close()
        self.database.close()
        stop_log(self._log_handlers)
        self._lock.release()

    def remember(self, **changes: Any) -> None:
        """Change settings, for this run and the next; a file that cannot be written is told."""
        changed = self.settings.changed(**changes)
        if changed == self.settings:
            return
        self.settings = changed
        try:
            save_settings(changed, self.folder.settings)
        except OSError as error:
            log.warning("The settings could not be saved: %s", error)
            self.tell(
                f"The settings could not be saved ({error.strerror}); the next start will not know "
                f"them. Check the rights of {self.folder.settings} and the free disk space."
            )

    def disk_free_gb(self) -> float | None:
        """Give the free space where the record lies; None when it cannot be told."""
        with suppress(OSError):
            return shutil.disk_usage(self.folder.root).free / 1e9
        return None
