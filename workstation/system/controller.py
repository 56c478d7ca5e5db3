"""The source at the desk of the person who sets it up: tested, chosen, adjusted. Never painted."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal, Slot

from engine.errors import ModelError
from engine.releases.reference_picture import reference_picture
from engine.sources.base import SimulatorConfig, SourceConfig, SourceStatus
from engine.types import EngineState, Inspection
from workstation.demo import LINE, demo_recipe
from workstation.system.latency import Latencies
from workstation.system.outline import outline_of
from workstation.system.setup_numbers import SetUp
from workstation.wishes import demo_on_real_pictures

if TYPE_CHECKING:
    from engine.releases.folder import Release

RUNNING = (EngineState.SINGLE_EXECUTION, EngineState.CONTINUOUS_EXECUTION)
STOP_FIRST = "Stop the line first: no part may be missed while its source is away."
_NO_RELEASE = (
    "There is no release for these pictures yet. Teach one on Inspect (F1): Use my own pictures. "
    "Until then the source can only be tested."
)


class SourceController(QObject):
    """Between engine, station and Source page; lives in the window's thread.

    A test borrows the engine's source and always gives it back::

        station's source --test--> tested source --end_test, line started, fit ended--> station's
                                                 --use--> becomes the station's

    Its slots are connected to the worker's signals of the same meaning. It never calls the worker.

    Signals
    -------
    test_requested
        `SourceConfig` to open, so that it can be looked at.
    test_ended
        The station's own source is to be opened again.
    chosen
        `SourceConfig` that becomes the station's.
    adjustment_requested
        `SimulatorConfig` by which the simulator that is open goes on.
    adjusted
        The same, where the simulator is the station's own: to be remembered.
    stop_requested
        The line is to stop.
    """

    test_requested = Signal(object)
    test_ended = Signal()
    chosen = Signal(object)
    adjustment_requested = Signal(object)
    adjusted = Signal(object)
    stop_requested = Signal()

    def __init__(
        self,
        *,
        station_source: Callable[[], SourceConfig],
        line_wanted: Callable[[], bool],
        parent: QObject | None = None,
    ) -> None:
        """Make a controller that has heard nothing yet.

        Parameters
        ----------
        station_source
            Gives the source the station is set to.
        line_wanted
            Tells whether the line is to run, even if it cannot at the moment.
        """
        super().__init__(parent)
        self._station_source = station_source
        self._line_wanted = line_wanted
        self.revision = 0
        """Rises with everything that the page shows."""
        self.state: EngineState | None = None
        self.testing: SourceConfig | None = None
        """What is tested; None: the station's own source is open."""
        self.status: SourceStatus | None = None
        """What the open source says; None until it has spoken."""
        self.trouble = ""
        """Why the tested source could not be opened; else empty."""
        self.notice = ""
        """The answer to the last key."""
        self.blocked = False
        """True after a key that the running line refused; the page offers to stop it."""
        self.latencies = Latencies()
        self.faults = 0
        """Since the program was started."""
        self.release: Release | None = None

    @property
    def station_source(self) -> SourceConfig:
        """What the station is set to."""
        return self._station_source()

    @property
    def stopped(self) -> bool:
        """True while no part is inspected, or would be by itself as soon as it can."""
        return self.state not in RUNNING and not self._line_wanted()

    @property
    def sentence(self) -> str:
        """What is to be said of the source that is open."""
        if self.trouble:
            return self.trouble
        return "" if self.status is None else self.status.sentence

    @cached_property
    def set_up(self) -> SetUp:
        """What measures live pictures as the active release would."""
        if self.release is None:
            return SetUp()
        return SetUp(self.release.manifest.preprocessing, self.release.manifest.picture_health)

    @cached_property
    def outline(self) -> NDArray[np.uint8] | None:
        """The reference picture's edges, (N, N, 4) as `outline_of` gives them; None: none."""
        if self.release is None:
            return None
        try:
            return outline_of(reference_picture(self.release))
        except ModelError as error:
            self._say(str(error))
            return None

    # Facts from the engine

    @Slot(object, str)
    def state_changed(self, state: EngineState, _sentence: str) -> None:
        """Take over the engine's state; a line that starts gets its own source back."""
        self.state = state
        if self.stopped and self.blocked:
            self.blocked, self.notice = False, "The line is stopped."
        if state in RUNNING:
            self.end_test()
        self._changed()

    @Slot(object)
    def source_changed(self, status: SourceStatus) -> None:
        """Take over what the open source says; the one before may have a word on its way."""
        if self.testing is None or status.name == self.testing.kind:
            self.status = status
            self._changed()

    @Slot(object)
    def release_changed(self, release: Release) -> None:
        """Take over the release that judges; another one takes other times."""
        self.release = release
        self.__dict__.pop("set_up", None)
        self.__dict__.pop("outline", None)
        self.latencies.clear()
        self._changed()

    @Slot(int, object)
    def inspected(self, _number: int, inspection: Inspection) -> None:
        """Note how long a part took."""
        self.latencies.add(inspection.stage_ms)
        self._changed()

    @Slot(int, object)
    def faulted(self, _number: int, _fault: object) -> None:
        """Count a fault."""
        self.faults += 1
        self._changed()

    @Slot(object, str)
    def fit_ended(self, _release: object, _sentence: str) -> None:
        """Give the source back: a fit that ends may open one and start the line."""
        self.end_test()

    @Slot(str)
    def refused(self, sentence: str) -> None:
        """Say why a source could not be opened."""
        if self.testing is not None:
            self.trouble = sentence
            self._changed()

    # Commands of the person

    def test(self, config: SourceConfig) -> None:
        """Open a source only to look at it; nothing is inspected."""
        if self._line_is_stopped():
            self.testing, self.status, self.trouble = config, None, ""
            self._say("A test: nothing is inspected. The station's own source is put back after.")
            self.test_requested.emit(config)

    @Slot()
    def end_test(self) -> None:
        """Put the station's source back; harmless without a test."""
        if self.testing is not None:
            self.testing, self.status, self.trouble = None, None, ""
            self._say("The station's own source is open again.")
            self.test_ended.emit()

    def use(self, config: SourceConfig) -> None:
        """Make a source the station's own."""
        if config == self.station_source:
            self.end_test()
            self._say("This is the station's source already.")
        elif not self._line_is_stopped():
            return
        elif demo_on_real_pictures(config, self.release) is not None:
            self._say(_NO_RELEASE)
        else:
            self._take(config)
            self._say("This is the station's source now. The line is started on Inspect (F1).")

    def adjust(self, config: SimulatorConfig) -> None:
        """Let the open simulator go on otherwise, at once; another part is another source."""
        before = self.testing or self.station_source
        if not isinstance(before, SimulatorConfig):
            return
        if (before.part, before.seed) != (config.part, config.seed):
            if self.testing is None:
                self._take(config)
            else:
                self.test(config)
        elif config != before:
            self.adjustment_requested.emit(config)
            if self.testing is None:
                self.adjusted.emit(config)
            else:
                self.testing = config
        knows_rings = self.release is not None and self.release.manifest.part == demo_recipe().part
        if config.part != LINE.part and knows_rings:
            self._say(
                "The demo's release knows rings only: its verdicts on this part mean nothing."
            )

    @Slot()
    def stop_line(self) -> None:
        """Stop the line, so that its source may be taken away."""
        self.stop_requested.emit()

    def _take(self, config: SourceConfig) -> None:
        self.testing, self.status, self.trouble = None, None, ""
        self.chosen.emit(config)

    def _line_is_stopped(self) -> bool:
        self.blocked = not self.stopped
        if self.blocked:
            self._say(STOP_FIRST)
        return not self.blocked

    def _say(self, words: str) -> None:
        self.notice = words
        self._changed()

    def _changed(self) -> None:
        self.revision += 1
