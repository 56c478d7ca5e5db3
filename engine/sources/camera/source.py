"""A camera, a stream or a video file as a source of parts."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

from engine.errors import SourceError
from engine.pictures import image_sha256
from engine.sources.base import NamePart, SourceStatus, VideoConfig
from engine.sources.camera.capture import LiveConfig, OpenCapture, name_of
from engine.sources.camera.capture import open_capture as open_with_opencv
from engine.sources.camera.captured import Captured
from engine.sources.camera.newest import NewestFrame
from engine.sources.camera.policies import policy_for
from engine.sources.camera.reader import Reader
from engine.sources.camera.settings import CameraSettings
from engine.sources.orders import DEPTH, Order, Orders
from engine.types import Fault, FaultKind, Frame, Image, Origin

log = logging.getLogger(__name__)

LOST_S = 3.0
"""A camera that gives no frame for so long is lost."""
UNSERVED_S = 2 * LOST_S
"""A picture that was ordered and does not come for so long is given up: the first frame that began
after the trigger is the second to come, and a slow camera takes almost `LOST_S` for each."""
HUNG_S = 20.0
"""A driver that answers nothing for so long is left alone, and the camera opened once more; Media
Foundation alone may take 20 s to open one."""
HUNG_READERS = 3
"""So many threads may hang in a driver; then only a new start of the program helps."""

_BEYOND = (
    f"A picture was asked for while {DEPTH} were waiting, so none was taken of this part. Take it "
    "out by hand, and let the triggers come more slowly."
)
_UNSERVED = (
    f"gave no picture within {UNSERVED_S:g} s of the trigger: the part was there and was not seen. "
    "Take it out by hand."
)


@dataclass(frozen=True, slots=True)
class _Taken:
    """A part that was taken, before the record was asked for its name."""

    code: str | None
    taken_at: datetime
    picture: Captured | None = None
    kind: FaultKind = FaultKind.PICTURE
    reason: str = ""
    """Why it is a fault; empty where the picture is good."""


class CameraSource:
    """A `Source` over a camera, stream or video file; it may be lost and comes back by itself.

    Parameters
    ----------
    config
        What a person chose.
    name_part
        Asks the record for a part's name; called by `grab` for every part taken.
    orders
        What people and triggers ask for.
    open_capture
        Opens what `config` describes, in the reader's thread; None: by OpenCV.

    Raises
    ------
    SourceError
        A video file is missing. (A camera or stream may be missing: `grab` says so, and goes on
        when it is there.)
    """

    def __init__(
        self,
        config: LiveConfig,
        *,
        name_part: NamePart,
        orders: Orders,
        open_capture: OpenCapture | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if isinstance(config, VideoConfig) and not config.path.is_file():
            raise SourceError(f"There is no file {config.path}; choose a video that exists.")
        self._config = config
        self._name = name_of(config)
        self._name_part = name_part
        self._orders = orders
        self._clock = clock
        self._newest = NewestFrame()
        self._policy = policy_for(config.trigger, self._newest, orders)
        self._waiting_for = ""
        self._opened_at, self._opened_s = datetime.now(UTC), clock()
        self._number = 0
        self._in_hand: _Taken | None = None
        self._hung: list[Reader] = []
        self._open_capture = open_capture or partial(open_with_opencv, config)
        self._reader = self._start_reader()

    @property
    def settings(self) -> CameraSettings | None:
        """What the driver really does; None before the first opening."""
        return self._reader.settings

    def grab(self) -> Frame | Fault | None:
        """Take the next picture; see `Source.grab`."""
        if self._in_hand is None:
            self._in_hand = self._next()
        if self._in_hand is None:
            return None
        taken = self._finish(self._in_hand)
        self._in_hand = None  # only now: a record that could not be asked costs no picture
        return taken

    def take_again(self, origin: Origin, attempt: int) -> None:
        """Take the next frame for this part, whatever the policy; see `Source.take_again`.

        The part must lie before the camera once more. The record gives the attempt when the frame
        is taken, as it does for a code that is scanned again.
        """
        if self._reader.ended:
            raise SourceError(
                f"{self._name} has ended; play it again to inspect part {origin.part_id}."
            )
        trouble = self._trouble()
        if trouble:
            raise SourceError(trouble)
        self._orders.trigger_again(origin.part_id)

    def preview(self) -> Image | None:
        """Show the newest frame; see `Source.preview`."""
        captured = None if self._trouble() else self._newest.newest
        return None if captured is None else captured.rgb()

    def status(self) -> SourceStatus:
        """Say how the source is doing; see `Source.status`."""
        self._leave_hung_reader()
        trouble = self._trouble() or self._frozen(self._newest.newest)
        return SourceStatus(
            name=self._config.kind,
            sentence=trouble or self._sentence(),
            healthy=not trouble,
            waiting=self._orders.count,
            skipped=self._newest.skipped,
            late=self._orders.late,
            frames_per_s=self._newest.frames_per_s(self._clock()),
            exhausted=self._exhausted,
        )

    def close(self) -> None:
        """Give the camera back; see `Source.close`. A part in hand is among the orders again."""
        self._reader.stop()
        taken, self._in_hand = self._in_hand, None
        if taken is not None:
            self._orders.put_back(Order(taken.code, taken.taken_at, self._clock(), taken.picture))

    def _next(self) -> _Taken | None:
        """Take what is due: what went wrong with orders, the ordered pictures, the newest frame."""
        self._leave_hung_reader()
        if (order := self._orders.next_beyond()) is not None:
            return _not_inspected(order, FaultKind.TRIGGER, _BEYOND)
        if (order := self._orders.next_unserved(UNSERVED_S)) is not None:
            return _not_inspected(order, FaultKind.PICTURE, f"{self._name} {_UNSERVED}")
        if (order := self._orders.next()) is not None and order.picture is not None:
            return _Taken(order.code, order.picture.taken_at, order.picture)
        trouble = self._trouble()
        if trouble:
            raise SourceError(trouble)
        # An order that still waits for its picture comes first: it may be all that is wanted.
        captured = None if self._orders.count else self._newest.take()
        if captured is None:
            return None
        return _Taken(self._orders.take_code(), captured.taken_at, captured)

    def _finish(self, taken: _Taken) -> Frame | Fault:
        """Ask the record for the part's name, and make of it what is inspected."""
        image = None if taken.picture is None else taken.picture.rgb()
        name = self._name_part(taken.code, taken.taken_at)
        self._number += 1
        origin = Origin(
            source=self._config.kind,
            part_id=name.part_id,
            taken_at=taken.taken_at,
            number=self._number,
            simulated=False,
            sha256=None if image is None else image_sha256(image),
            attempt=name.attempt,
        )
        if taken.picture is None or image is None:
            return Fault(origin, taken.kind, taken.reason)
        frame = Frame(image, origin, captured_s=taken.picture.captured_s)
        frozen = self._frozen(taken.picture)
        return Fault(origin, FaultKind.PICTURE, frozen, frame=frame) if frozen else frame

    def _start_reader(self) -> Reader:
        repeat = isinstance(self._config, VideoConfig) and self._config.repeat
        reader = Reader(self._open_capture, self._see, clock=self._clock, repeat=repeat)
        reader.start()
        self._reading_since_s = self._clock()
        return reader

    def _see(self, captured: Captured) -> None:
        """Let orders, then the policy look at a frame; in the reader's thread."""
        self._newest.show(captured)
        ordered = self._orders.serve(captured)
        self._waiting_for = self._policy.see(captured, ordered=ordered)

    def _leave_hung_reader(self) -> None:
        """Read in another thread when the driver hangs, see `HUNG_S`, or the reader has failed."""
        if self._reader.failed:
            if self._clock() - self._reading_since_s >= self._reader.retry_s:
                log.warning("%s: its reader failed; another begins", self._name)
                self._reader = self._start_reader()
            return
        since_s = self._reader.busy_since_s
        hangs = since_s is not None and self._clock() - since_s >= HUNG_S
        self._hung = [reader for reader in self._hung if reader.busy_since_s is not None]
        if hangs and len(self._hung) < HUNG_READERS - 1:
            log.warning("%s: its driver hangs; it is opened once more", self._name)
            self._reader.abandon()
            self._hung.append(self._reader)
            self._reader = self._start_reader()

    def _trouble(self) -> str:
        """Say why there is no picture, since when, and what happens next; empty while all is well.

        The same words until the next try, so that nobody takes each look for something new.
        """
        reader = self._reader
        if reader.ended or not (reader.failure or self._silent):
            return ""
        newest = self._newest.newest
        since = self._opened_at if newest is None else newest.taken_at
        text = f"{self._name} has given no picture since {since.astimezone():%H:%M:%S}:"
        if reader.failure:
            return f"{text} {reader.failure}. Next try in {reader.retry_s:g} s."
        if len(self._hung) == HUNG_READERS - 1:
            return f"{text} its driver hangs. Unplug and plug in the camera, or start Loupe again."
        return (
            f"{text} no answer yet. Check its power and its cable or network; Loupe keeps trying."
        )

    @property
    def _silent(self) -> bool:
        newest = self._newest.newest
        since_s = self._opened_s if newest is None else newest.captured_s
        return self._clock() - since_s >= LOST_S

    def _frozen(self, captured: Captured | None) -> str:
        """Say that the camera has stopped looking; empty while it looks."""
        if captured is None or not captured.frozen_s:
            return ""
        since = captured.taken_at - timedelta(seconds=captured.frozen_s)
        return (
            f"{self._name} has given the very same picture since {since.astimezone():%H:%M:%S}: it "
            "no longer looks. Switch it off and on again."
        )

    @property
    def _exhausted(self) -> bool:
        nothing_left = not self._newest.on_offer and not self._orders.count
        return self._reader.ended and nothing_left and self._in_hand is None

    def _sentence(self) -> str:
        if self._exhausted:
            return f"{self._name} has ended."
        settings = self._reader.settings
        if settings is None or self._newest.newest is None:
            return f"{self._name} is being opened."
        return f"{self._name}: {settings.sentence}. {self._waiting_for}".rstrip()


def _not_inspected(order: Order, kind: FaultKind, reason: str) -> _Taken:
    return _Taken(order.code, order.asked_at, kind=kind, reason=reason)
