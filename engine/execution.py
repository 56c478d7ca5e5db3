"""One part after the other: take, inspect, judge, record. No Qt, no thread of its own."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from engine.errors import OutOfMemoryError, SourceError, UnfitPictureError
from engine.inspector import Inspector
from engine.sources.base import PartName, SimulatorConfig, Source, SourceConfig
from engine.sources.opening import open_source
from engine.sources.orders import Order, Orders
from engine.sources.simulator import SimulatorSource
from engine.types import Fault, FaultKind, FileKey, Frame, Image, Inspection, Origin

log = logging.getLogger(__name__)

_NO_RECORD = "The record cannot be written; no further part is taken until it can."

_MISSED = (
    "The source was closed while this part waited for its turn, so it was not inspected. Take it "
    "out by hand."
)


class Recorder(Protocol):
    """Writes down what happened, one transaction each; used in the engine's thread."""

    person: str
    """Who stands at the station."""

    def record(self, inspection: Inspection) -> int:
        """Give the row's number; raises where it could not be written."""
        ...

    def record_fault(self, fault: Fault) -> int:
        """Give the row's number; raises where it could not be written."""
        ...

    def seen(self, key: FileKey) -> bool:
        """Tell whether this very file stands in the record."""
        ...

    def name_part(self, code: str | None, taken_at: datetime) -> PartName:
        """Name a camera's part; see `engine.sources.base.NamePart`."""
        ...

    def next_attempt(self, origin: Origin) -> int:
        """Give the number of the next attempt at this part."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Told:
    """A part that was taken, and how that ended; what the window is told."""

    number: int
    """Row in the record; 0: it could not be recorded."""
    outcome: Inspection | Fault


class Execution:
    """Takes parts from a source, inspects them by a release and hands them to the recorder.

    Every part taken ends as one row: a verdict, or a fault. Nothing is taken while there is
    something that could not be recorded.

    Attributes
    ----------
    inspector
        Judges from the next part on; None: no release is loaded.
    orders
        What people and triggers ask of a camera; may be used from any thread.
    lost
        Why no part can be taken, for people; empty while all is well.
    short_of_memory
        Whether the last part could not be inspected for want of memory.
    """

    def __init__(self, recorder: Recorder, *, began: Callable[[Origin], None]) -> None:
        self.inspector: Inspector | None = None
        self.orders = Orders()
        self.lost = ""
        self.short_of_memory = False
        self._recorder = recorder
        self._began = began
        self._source: Source | None = None
        self._unrecorded: deque[Fault] = deque()

    @property
    def source(self) -> Source | None:
        """Where parts come from; None: no source is chosen."""
        return self._source

    def open_source(self, config: SourceConfig) -> None:
        """Open a source, after the former one was closed.

        Raises
        ------
        SourceError
            It cannot be opened; there is no source now, and `lost` says why.
        """
        try:
            self._source = open_source(
                config,
                self._recorder.seen,
                name_part=self._recorder.name_part,
                orders=self.orders,
            )
        except SourceError as error:
            self.lost = str(error)
            raise

    def adjust_source(self, config: SimulatorConfig) -> bool:
        """Let a running simulator go on as `config` says; False for any other source."""
        simulator = self._source
        if not isinstance(simulator, SimulatorSource):
            return False
        simulator.adjust(config)
        return True

    def close_source(self) -> list[Told]:
        """Give the source back; a part whose picture was ordered and not yet taken is a fault."""
        name = "none"
        if self._source is not None:
            name = self._source.status().name
            self._source.close()
            self._source = None
        self.forget_loss()
        return [self._missed(order, name) for order in self.orders.drop_all()]

    def forget_loss(self) -> None:
        """Call the source lost no longer: nobody takes from it until it is asked again."""
        if not self._unrecorded:
            self.lost = ""

    def take_again(self, origin: Origin) -> None:
        """Let the next part be this one once more.

        Raises
        ------
        SourceError
            It did not come from this source, or cannot come again.
        """
        name = None if self._source is None else self._source.status().name
        if self._source is None or name != origin.source:
            raise SourceError(
                f"Part {origin.part_id} came from the source {origin.source!r}. Choose that "
                "source to inspect it once more."
            )
        self._source.take_again(origin, self._recorder.next_attempt(origin))

    def preview(self) -> Image | None:
        """Show what the source sees; None while it sees nothing or is lost."""
        try:
            return None if self._source is None else self._source.preview()
        except SourceError:
            return None  # the source's status says the same in words

    def next_part(self) -> Told | None:
        """Take, inspect and record the next part; None when there is none now."""
        if not self.record_late() or self.inspector is None or self._source is None:
            return None
        began_s = time.monotonic()
        taken = self._grab(self._source)
        if taken is None:
            return None
        if isinstance(taken, Fault):
            return self._faulted(replace(taken, release_id=self.inspector.release.id))
        return self._inspect(taken, self.inspector, began_s)

    def record_late(self) -> bool:
        """Record the faults that could not be; False while one still cannot: nothing is taken."""
        while self._unrecorded:
            try:
                self._recorder.record_fault(self._unrecorded[0])
            except Exception as error:  # the boundary of `_inspect`
                self.lost = f"{_NO_RECORD} {error}"
                return False
            self._unrecorded.popleft()
            self.lost = ""
        return True

    def _grab(self, source: Source) -> Frame | Fault | None:
        """Take the next picture; a source that fails is lost until it can deliver again."""
        try:
            taken = source.grab()
        except SourceError as error:
            self.lost = str(error)
            return None
        except Exception as error:  # the record could not be asked, or a bug: try again, and say so
            sentence = f"No picture can be taken: {error} Loupe goes on by itself when it can."
            if sentence != self.lost:
                log.exception("the source failed")
            self.lost = sentence
            return None
        if not isinstance(taken, Fault):  # a lost camera still gives the faults of its orders
            self.lost = ""
        return taken

    def _inspect(self, frame: Frame, inspector: Inspector, began_s: float) -> Told:
        """Inspect and record; the first of the engine's two boundaries for any exception."""
        self._began(frame.origin)
        fault = Fault(frame.origin, FaultKind.ENGINE, "", inspector.release.id, frame)
        recording = self.short_of_memory = False
        try:
            inspection = inspector.inspect(frame)
            late = _lateness(inspector, frame, began_s)
            if late:
                return self._faulted(replace(fault, kind=FaultKind.LATE, reason=late))
            recording = True
            return Told(self._recorder.record(inspection), inspection)
        except UnfitPictureError as unfit:
            health, reason = unfit.reading, str(unfit)
            return self._faulted(
                replace(fault, kind=FaultKind.HEALTH, reason=reason, health=health)
            )
        except Exception as error:
            log.exception("part %s could not be inspected or recorded", frame.origin.part_id)
            kind = FaultKind.RECORD if recording else FaultKind.ENGINE
            self.short_of_memory = isinstance(error, OutOfMemoryError)
            reason = _sentence(frame.origin, kind, error)
            return self._faulted(replace(fault, kind=kind, reason=reason))

    def _missed(self, order: Order, source: str) -> Told:
        """Record that a part was there whose picture nobody will take any more."""
        part_id, attempt = order.code or "without a number", 1
        with suppress(Exception):  # the boundary of `_inspect`: a fault without its name is one too
            named = self._recorder.name_part(order.code, order.asked_at)
            part_id, attempt = named.part_id, named.attempt
        origin = Origin(
            source=source,
            part_id=part_id,
            taken_at=order.asked_at,
            number=0,
            simulated=False,
            sha256=None,
            attempt=attempt,
        )
        release_id = None if self.inspector is None else self.inspector.release.id
        return self._faulted(Fault(origin, FaultKind.TRIGGER, _MISSED, release_id))

    def _faulted(self, fault: Fault) -> Told:
        """Record a fault; one that cannot be recorded is told all the same, and written later."""
        if self._unrecorded:  # in order, and without waiting once more for a record that is busy
            self._unrecorded.append(fault)
            return Told(0, fault)
        try:
            return Told(self._recorder.record_fault(fault), fault)
        except Exception as error:  # the boundary of `_inspect`
            log.exception("the fault of part %s could not be recorded", fault.origin.part_id)
            self._unrecorded.append(fault)
            self.lost = f"{_NO_RECORD} {error}"
            return Told(0, fault)


def _lateness(inspector: Inspector, frame: Frame, began_s: float) -> str:
    """Say that the verdict came too late; empty when it came in time or there is no deadline."""
    deadline_ms = inspector.release.manifest.deadline_ms
    if deadline_ms is None:
        return ""
    taken_s = began_s if frame.captured_s is None else frame.captured_s
    took_ms = (time.monotonic() - taken_s) * 1e3
    if took_ms <= deadline_ms:
        return ""
    return (
        f"The verdict on part {frame.origin.part_id} came after {took_ms:.0f} ms; the deadline of "
        f"this recipe is {deadline_ms:.0f} ms. Take the part out by hand. If this comes often, "
        "use a smaller picture size or bank, or a faster computer."
    )


def _sentence(origin: Origin, kind: FaultKind, error: Exception) -> str:
    what = "inspected" if kind is FaultKind.ENGINE else "recorded"
    cause = str(error) or type(error).__name__
    return f"Part {origin.part_id} could not be {what}: {cause} Inspect it again or set it aside."
