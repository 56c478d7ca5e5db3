"""A watched folder: every new picture is taken once, when it is whole, oldest first.

The operating system's events say which files to look at; a full look every `poll_s` finds what
they missed (they overflow, and many network shares have none). Files stay where they are.
"""

from __future__ import annotations

import hashlib
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from engine.errors import SourceError
from engine.recipe import part_of
from engine.sources.base import AlreadySeen, FolderConfig, SourceStatus
from engine.sources.bell import Bell
from engine.sources.inbox import DEAD_LINK, SETTLE_S, Inbox, Sighting
from engine.sources.taking import file_key, frame_or_fault, picture_of, read_unchanged
from engine.types import Fault, FaultKind, FileKey, Frame, Image, Origin

UNREADABLE_S = 30.0
"""A file that cannot be opened for so long is a fault; until then its writer may still hold it."""

_STEP_S = 0.01
"""Time one grab spends on a full look, and on asking for files taken before the last restart."""


class FolderSource:
    """A `Source` over a folder, which may be missing or unreachable for a while."""

    def __init__(
        self,
        config: FolderConfig,
        already_seen: AlreadySeen,
        *,
        clock: Callable[[], float] = time.monotonic,
        make_bell: Callable[[str], Bell] = Bell,
    ) -> None:
        self._config = config
        self._already_seen = already_seen
        self._clock = clock
        self._make_bell = make_bell
        self._inbox = Inbox(config.path, clock)
        self._next_scan = clock()
        self._scan: Iterator[tuple[str, int]] | None = None
        """A full look under way."""
        self._identity: tuple[str, int] | None = None
        self._bell: Bell | None = None
        self._bell_note = ""
        self._lost: str | None = None
        self._number = 0
        self._waited_at = 0
        """The number of full looks when a picture last waited."""
        self._again: deque[Origin] = deque()
        self._previewed: tuple[FileKey | None, Image | None] = (None, None)

    def grab(self) -> Frame | Fault | None:
        """Take the oldest settled picture; see `Source.grab`."""
        if self._again:
            return self._read_again(self._again.popleft())
        self._look()
        missed = self._missed()
        if missed is not None:
            return missed
        sighting = self._oldest_new()
        return None if sighting is None else self._take(sighting)

    def take_again(self, origin: Origin, attempt: int) -> None:
        """Let the next `grab` read this file once more; see `Source.take_again`.

        Raises
        ------
        SourceError
            The file is gone or has changed.
        """
        key = origin.file
        try:
            there = key is not None and file_key(key.path, Path(key.path).stat()) == key
        except OSError:
            there = False
        if not there:
            raise SourceError(
                f"The picture of part {origin.part_id} is gone or was changed since it was "
                "inspected. Put the part before the camera again."
            )
        attempt += sum(again.file == key for again in self._again)  # none of them is recorded yet
        self._again.append(replace(origin, attempt=attempt))

    def preview(self) -> Image | None:
        """Show the newest picture of the folder; see `Source.preview`."""
        self._look()
        newest = self._inbox.newest()
        if newest != self._previewed[0]:
            self._previewed = (newest, None if newest is None else picture_of(newest.path))
        return self._previewed[1]

    def status(self) -> SourceStatus:
        """Say how the source is doing; see `Source.status`."""
        count = self._inbox.waiting
        pictures = "1 picture" if count == 1 else f"{count} pictures"
        watching = f"Watching {self._config.path}, {pictures} waiting.{self._bell_note}"
        return SourceStatus(
            name=self._config.kind,
            sentence=self._lost or watching,
            healthy=self._lost is None,
            waiting=count,
            empty=self._lost is None and self._inbox.full_looks > self._waited_at,
        )

    def close(self) -> None:
        """Stop listening; see `Source.close`."""
        self._silence()
        self._scan = None

    def _look(self) -> None:
        now = self._clock()
        if self._scan is None and now >= self._next_scan:
            self._next_scan = now + self._config.poll_s
            self._scan = self._inbox.scan()
        if self._scan is not None:
            self._go_on_scanning(self._scan)
        if self._lost is not None:
            raise SourceError(self._lost)
        rung = self._bell.drain() if self._bell is not None else set()
        self._inbox.look_at(rung.union(self._inbox.due()))
        if self._again or not self._inbox.is_done_with:
            self._waited_at = self._inbox.full_looks

    def _go_on_scanning(self, scan: Iterator[tuple[str, int]]) -> None:
        """Take some steps of a full look: of 20 000 files it lasts 0.1 s, on a share longer."""
        give_up = self._clock() + _STEP_S
        try:
            for identity in scan:
                self._lost = None
                if identity != self._identity:  # a bell stays with a folder that was replaced
                    self._silence()
                    self._identity = identity
                    self._hang_bell(identity[0])
                if self._clock() >= give_up:
                    return
        except OSError as error:
            self._lost = (
                f"The folder {self._config.path} cannot be read ({error.strerror}); check the "
                "path, the network and the rights. Loupe goes on by itself when it is back."
            )
            self._identity = None
            self._silence()
        self._scan = None

    def _hang_bell(self, folder: str) -> None:
        try:
            self._bell = self._make_bell(folder).start()
            self._bell_note = ""
        except OSError as error:
            self._bell_note = (
                f" New files are noticed every {self._config.poll_s:g} s only: the system "
                f"reports no changes here ({error.strerror or error})."
            )

    def _silence(self) -> None:
        if self._bell is not None:
            self._bell.stop()
            self._bell = None

    def _oldest_new(self) -> Sighting | None:
        give_up = self._clock() + _STEP_S
        while (sighting := self._inbox.oldest()) is not None:
            if sighting.is_new or self._is_new(sighting):
                return sighting
            self._inbox.mark_taken(sighting.key)
            if self._clock() >= give_up:
                return None
        return None

    def _missed(self) -> Fault | None:
        """Give a fault for a picture that was whole and went away before its turn."""
        sighting = self._inbox.vanished()
        if sighting is None:
            return None
        is_new = sighting.is_new or not self._already_seen(sighting.key)
        self._inbox.forget_vanished()
        if not is_new:
            return None
        fault = self._unreadable(
            sighting.key,
            "was removed or renamed before it was inspected. Inspect the part again; take pictures "
            "out of the folder only after their verdict.",
        )
        self._number = fault.origin.number
        return fault

    def _is_new(self, sighting: Sighting) -> bool:
        """Ask the record; a file it cannot be asked about must wait, not be lost."""
        known: bool | None = None
        try:
            known = self._already_seen(sighting.key)
        finally:
            if known is None:
                self._inbox.look_again(sighting, self._clock())
        sighting.is_new = not known
        return sighting.is_new

    def _take(self, sighting: Sighting) -> Frame | Fault | None:
        """Read and decode a settled file; give None when it deserves another look first."""
        key, now = sighting.key, self._clock()
        result: Frame | Fault
        patience_s = UNREADABLE_S if sighting.oddity in ("", DEAD_LINK) else 0.0
        try:
            data = None if sighting.oddity else read_unchanged(key)
        except FileNotFoundError:
            self._inbox.look_at([Path(key.path).name])  # it joins those that vanished
            return None
        except OSError as error:
            result = self._unreadable(
                key, f"could not be read: {error.strerror}. Check its rights."
            )
        else:
            if sighting.oddity:
                what = f"is {sighting.oddity}, not a picture. Take it out of the watched folder."
                result = self._unreadable(key, what)
            elif data is None:
                self._inbox.look_again(sighting, now + SETTLE_S)
                return None
            else:
                # A copy over a slow network may pause for longer than a file takes to settle.
                patience_s = self._config.poll_s
                result = frame_or_fault(data, self._origin(key, data), Path(key.path).name)
        if isinstance(result, Fault) and now < sighting.since + patience_s:
            next_try = min(now + self._config.poll_s, sighting.since + patience_s)
            self._inbox.look_again(sighting, next_try)
            return None
        self._inbox.mark_taken(key)
        self._number = result.origin.number
        return result

    def _unreadable(self, key: FileKey, what: str) -> Fault:
        return Fault(self._origin(key, None), FaultKind.PICTURE, f"{key.path} {what}")

    def _read_again(self, before: Origin) -> Frame | Fault:
        """Read a file whose part was inspected before."""
        assert before.file is not None  # `take_again` let no other in
        key, data, why = before.file, None, "it is another file by now"
        try:
            data = read_unchanged(key)
        except OSError as error:
            why = error.strerror or str(error)
        origin = replace(self._origin(key, data), part_id=before.part_id, attempt=before.attempt)
        self._number = origin.number
        if data is None:
            reason = f"{key.path} could not be read again: {why}. Put the part aside."
            return Fault(origin, FaultKind.PICTURE, reason)
        return frame_or_fault(data, origin, Path(key.path).name)

    def _origin(self, key: FileKey, data: bytes | None) -> Origin:
        return Origin(
            source=self._config.kind,
            part_id=part_of(Path(key.path).name, self._config.part_pattern),
            taken_at=datetime.now(UTC),
            number=self._number + 1,
            simulated=False,
            sha256=None if data is None else hashlib.sha256(data).hexdigest(),
            file=key,
        )
