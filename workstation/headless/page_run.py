"""`loupe --headless`: a number of parts with the operator's page drawn into memory, and figures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Slot

from workstation.headless.bars import Bars
from workstation.headless.ending import Ending
from workstation.headless.exit_codes import DONE, FAILED
from workstation.headless.report import Report, RunEnd
from workstation.headless.tally import Tally
from workstation.running import RunningStation

PARTS = 50
"""How many are inspected unless another number is asked for."""


class PageRun(QObject):
    """Follows the run, saves the page when all parts are there, and sums up."""

    def __init__(
        self, *, parts: int | None, screenshot: Path, save_page: Callable[[Path], bool]
    ) -> None:
        """Follow nobody yet.

        Parameters
        ----------
        parts
            How many are asked for; None: `PARTS`.
        screenshot
            Where the page is saved.
        save_page
            Saves the page as it is now; False where that failed.
        """
        super().__init__()
        self.parts = parts or PARTS
        self.ending = Ending()
        self._tally = Tally()
        self._bars = Bars(self.parts)
        self._report = Report(self._bars, self._tally)
        self._screenshot = screenshot
        self._save_page = save_page
        self._saved = False
        self._running: RunningStation | None = None

    def follow(self, running: RunningStation) -> None:
        """Connect to the engine."""
        self._running = running
        self._report.follow(running)
        self.ending.due.connect(self._look_once_more)
        self.ending.follow(running)
        running.ended.connect(self._sum_up)

    @property
    def exit_code(self) -> int:
        """0: what was asked is done, faults or not; 1: it could not be."""
        return FAILED if self.ending.failure else DONE

    @Slot()
    def _look_once_more(self) -> None:
        if not self.ending.failure:
            self._screenshot.parent.mkdir(parents=True, exist_ok=True)
            self._saved = self._save_page(self._screenshot)
        self._bars.ending(self.ending.reason)

    @Slot()
    def _sum_up(self) -> None:
        assert self._running is not None  # whose signal this is
        station = self._running.station
        summary = self._tally.summary(
            database=str(station.database.url),  # without its password
            release=station.settings.release_id,
            screenshot=self._screenshot if self._saved else None,
        )
        ending = self.ending
        self._bars.ended(RunEnd(ending.reason, ending.failure, self.exit_code, summary))
