"""All that the operator's page shows of the line: the newest, the last few and the counts."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from engine.sources.base import SourceStatus
from engine.types import EngineState, FitStep, Origin
from workstation.inspection.counters import ShiftCounters
from workstation.inspection.health_watch import HealthWatch
from workstation.inspection.judging import KEPT_IN_MEMORY, JudgingDesk
from workstation.inspection.kept_pictures import KeptPictures
from workstation.inspection.limit_trial import LimitTrial
from workstation.inspection.record import Record
from workstation.inspection.release_facts import ReleaseFacts
from workstation.inspection.seen_part import SeenPart
from workstation.inspection.standstill import Standstill
from workstation.records.errors import RecordsError
from workstation.records.shifts import Shift
from workstation.records.statistics import ShiftCounts
from workstation.records.words import Outcome
from workstation.widgets.messages import Message, MessageQueue

LAST_PARTS = 12
NOTICE_S = 3.0
BUSY_S = 3.0
"""After a part the line counts as inspecting for so long, or the word would flicker."""
RUNNING = (EngineState.SINGLE_EXECUTION, EngineState.CONTINUOUS_EXECUTION)

Answer = TypeVar("Answer")


class Line:
    """Filled by the controller, read by the page; every change raises `revision`."""

    def __init__(
        self,
        record: Record,
        standstill: Standstill,
        *,
        clock: Callable[[], float],
        now: Callable[[], datetime],
    ) -> None:
        self.record = record
        self.standstill = standstill
        self._clock = clock
        self._now = now
        self._shift: Shift | None = None
        self._pictures = KeptPictures(lambda number: self.asked(lambda: record.picture(number)))
        self._notice = ("", 0.0)
        self.revision = 0

        self.state: EngineState | None = None
        """None until the engine has spoken."""
        self.state_sentence = ""
        self.settled = False
        """True once a release was opened, refused or begun to be fitted: the start is over."""
        self.hung = ""
        """What the watchdog says while the engine does not answer; empty otherwise."""
        self.source: SourceStatus | None = None
        self.in_hand: Origin | None = None
        """The part that is being inspected at this moment."""
        self._took_s: float | None = None
        self.takes_codes = False
        """True for a camera: a scanned code names its next part."""
        self.on_demand = False
        """True where the source takes a part per trigger."""
        self.code = ""
        """The code scanned for the next part; empty: none was."""
        self.release: ReleaseFacts | None = None
        self.computed_by = ""
        """Back end, precision and device that compute the release; empty until one is there."""
        self.fit: FitStep | None = None
        self.simulated: bool | None = None
        """True while the parts are drawn, not real; None until that is known."""

        self.live: SeenPart | None = None
        self.frozen: SeenPart | None = None
        """The NG part at which the large picture stands still; the line runs on."""
        self.looking: SeenPart | None = None
        """An earlier part that a person looks at again."""
        self.freeze_on_ng = False
        self.recent: deque[SeenPart] = deque(maxlen=LAST_PARTS)
        """Newest first."""

        self.counters = ShiftCounters(clock=clock)
        self.judging = JudgingDesk(clock=clock)
        self.unjudged = 0
        """NG and REVIEW parts on which nobody has said anything, the held one among them."""
        self.limit = LimitTrial(clock=clock)
        self.health = HealthWatch()
        self.sounds_on = True
        self.silent_because = ""
        """Why this computer makes no sounds, for people; empty where it does."""
        self.messages = MessageQueue()

    @property
    def running(self) -> bool:
        """True while parts are inspected as they come."""
        return self.state in RUNNING

    @property
    def inspecting(self) -> bool:
        """True while a part is in hand, or was within the last three seconds."""
        recent = self._took_s is not None and self._clock() - self._took_s < BUSY_S
        return self.running and (recent or self.in_hand is not None)

    @property
    def source_lost(self) -> bool:
        """True while the source says that it cannot deliver."""
        return self.source is not None and not self.source.healthy

    @property
    def now(self) -> datetime:
        """The present time, UTC."""
        return self._now()

    @property
    def may_start(self) -> bool:
        """True while the line is stopped and a release could judge."""
        return self.state in (EngineState.READY, EngineState.ERROR) and self.release is not None

    @property
    def may_stop(self) -> bool:
        """True while parts are inspected, or would be again by themselves after an error."""
        return self.state in (*RUNNING, EngineState.ERROR)

    @property
    def shown(self) -> SeenPart | None:
        """The part in the large picture."""
        return self.looking or self.frozen or self.live

    @property
    def again(self) -> SeenPart | None:
        """The part for another inspection: looked at, a fault, in the pane, or else the last."""
        fault = self.live if self.live is not None and self.live.outcome is Outcome.FAULT else None
        return self.looking or fault or self.judging.held or self.live

    @property
    def shift_name(self) -> str:
        """Such as "14–22"; empty while the record cannot say."""
        return "" if self._shift is None else self._shift.name

    @property
    def notice(self) -> str:
        """A word on a key that was refused; gone after three seconds."""
        words, at = self._notice
        return words if words and self._clock() - at < NOTICE_S else ""

    def changed(self) -> None:
        """Say that the page shows something old."""
        self.revision += 1

    def say(self, words: str, *, bad: bool = False, act: bool = False, topic: str = "") -> None:
        """Let a message slide in and wait; see `Message`."""
        self.messages.add(Message(words, bad=bad, act=act, topic=topic))
        self.changed()

    def note(self, words: str) -> None:
        """Answer a key that was refused; needs no acknowledging."""
        self._notice = (words, self._clock())
        self.changed()

    def asked(self, question: Callable[[], Answer]) -> Answer | None:
        """Ask the record; where it cannot answer, say so and give None."""
        try:
            return question()
        except RecordsError as error:
            self.say(str(error), bad=True)
            return None

    def took(self, part: SeenPart) -> None:
        """Keep the newest part and count it."""
        self.on_line(simulated=part.simulated)
        if part.origin.attempt > 1:
            self.judging.superseded_by(part)
        # Parts that were recorded before the counts were read stand in them already.
        elif part.inspection_id == 0 or part.inspection_id > self.counters.counts.newest_id:
            self.counters.add(part.outcome)
            if part.outcome in (Outcome.NG, Outcome.REVIEW):
                self.unjudged += 1
        self.live, self.in_hand, self._took_s = part, None, self._clock()
        self.recent.appendleft(part)
        self._pictures.took(part)
        if part.outcome in (Outcome.NG, Outcome.REVIEW):
            self.judging.arrived(part)
            if part.outcome is Outcome.NG and self.freeze_on_ng:
                self.frozen = part
        if part.origin.attempt > 1:
            # A part that came again counts by its last attempt; only the record knows the others.
            self.recount()
        self.changed()

    def on_line(self, *, simulated: bool) -> None:
        """Read counts and last parts anew when the line changes between drawn and real parts."""
        if simulated is self.simulated:
            return
        self.simulated = simulated
        self.live = self.frozen = self.looking = None
        self.recent.clear()
        self.judging.clear()
        self._begin_shift()
        recent = self.asked(lambda: self.record.recent(LAST_PARTS, simulated=simulated)) or ()
        self.recent.extend(SeenPart.of_record(part) for part in recent)

    def recount(self) -> None:
        """Read all counts from the record, and fetch waiting parts where none is at hand.

        After everything a person says of a part: only the record knows what was said before, and
        so which verdict is final.
        """
        shift, simulated = self._shift, bool(self.simulated)
        if shift is not None:
            counts = self.asked(lambda: self.record.shift_counts(shift, simulated=simulated))
            in_lot = self.asked(lambda: self.record.lot_count(self.record.lot, simulated=simulated))
            waiting = self.asked(
                lambda: self.record.waiting(shift, simulated=simulated, limit=KEPT_IN_MEMORY)
            )
            if counts is not None and in_lot is not None:
                self.counters.load(counts, lot_parts=in_lot)
            if waiting is not None:
                self.unjudged = waiting.count
                if self.judging.held is None:
                    self.judging.refilled(tuple(map(SeenPart.of_record, waiting.newest)))
        self.changed()

    def _begin_shift(self) -> None:
        """Count for the shift that runs now, from what the record holds of it already."""
        self._shift = self.asked(self.record.shift)
        # Where the record cannot be read, nothing of another shift may stand in the new one.
        self.counters.load(ShiftCounts(), lot_parts=self.counters.lot_parts)
        self.recount()

    def look_at(self, inspection_id: int) -> None:
        """Show one of the last parts, or the held one, again in the large picture."""
        held = self.judging.held
        for part in [*self.recent, *([] if held is None else [held])]:
            if part.inspection_id == inspection_id:
                self.looking = self._pictures.with_picture(part)
                break
        self.changed()

    def look_along(self, steps: int) -> None:
        """Go on to an older part (1) or a newer one (-1); before the newest is the live picture."""
        ids = [part.inspection_id for part in self.recent]
        at = -1
        if self.looking is not None and self.looking.inspection_id in ids:
            at = ids.index(self.looking.inspection_id)
        place = at + steps
        if place < 0:
            self.look_live()
        elif place < len(ids):
            self.look_at(ids[place])

    def look_live(self) -> None:
        """Return to the live picture."""
        self.looking = self.frozen = None
        self.changed()

    def tick(self) -> None:
        """Do what was put off; called by the page before it repaints."""
        if self._shift is not None and self._now() >= self._shift.end:
            # Nobody may have looked since it began: its first parts are counted in the record.
            self._begin_shift()
        if self._pictures.tidy(self.recent, self.judging):
            self.changed()
