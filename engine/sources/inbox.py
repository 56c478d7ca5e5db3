"""The picture files of one folder: which have settled, which wait, which were taken.

A file *settles* when its size and time of change are the same in two looks at least `SETTLE_S`
apart: a file that is still being copied changes in between.
"""

from __future__ import annotations

import errno
import heapq
import itertools
import os
import stat
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from engine.pictures import is_picture_name
from engine.sources.taking import file_key
from engine.types import FileKey

SETTLE_S = 0.5
"""Least time between the two looks after which an unchanged file counts as whole."""

DEAD_LINK = "a link that leads nowhere"
"""An oddity that may pass: what it points to may still be on its way."""

MOST_BYTES = 2 * 2**30
"""A larger file is no picture: read whole it would fill the memory. The largest that is decoded
(`engine.decoding.MAX_MEGAPIXELS`) has 1.4 GB as a TIFF of 16-bit RGBA."""

_CHUNK = 100
"""Files looked at in one step."""

_REMEMBERED = 100_000
"""Taken files remembered after they left the folder; the record knows the older ones."""


@dataclass(slots=True, eq=False)
class Sighting:
    """A file as it has been since `since`; one that changes is another sighting."""

    key: FileKey
    since: float
    is_new: bool = False
    """The record was asked and does not know it."""
    oddity: str = ""
    """What it is instead of a file, for people: "a folder", "a pipe"; it is
    known by its path alone, so that it is one fault however often it changes."""
    inode: int = 0
    """The file's own number where the system gives one; 0 elsewhere."""

    @property
    def content(self) -> tuple[int, int, int]:
        """What stays under another name, as far as can be told from outside."""
        return self.key.size, self.key.mtime_ns, self.inode


class Inbox:
    """What is known of a folder's files. Looks at the disk only in `scan` and `look_at`."""

    def __init__(self, folder: Path, clock: Callable[[], float]) -> None:
        self._folder = folder
        self._clock = clock
        self._root = ""
        self._seen: dict[str, Sighting] = {}
        self._look_from: dict[str, float] = {}
        """Unsettled files, and the time from which another look counts."""
        self._settled: list[tuple[int, str, int, Sighting]] = []
        """Heap, oldest first; the running number keeps sightings from being compared."""
        self._running = itertools.count()
        self._taken: OrderedDict[FileKey, None] = OrderedDict()
        self._vanished: deque[tuple[Sighting, int]] = deque()
        """With the number of full looks at that time."""
        self._full_looks = 0

    @property
    def waiting(self) -> int:
        """Files known and not yet taken."""
        return len(self._look_from) + len(self._settled)

    @property
    def is_done_with(self) -> bool:
        """No file waits, and none that went away is still to be missed."""
        return not (self._look_from or self._settled or self._vanished)

    @property
    def full_looks(self) -> int:
        """How often every file was looked at."""
        return self._full_looks

    def newest(self) -> FileKey | None:
        """Give the file that was changed last, whether it is taken or not; no pipe or folder."""
        keys = (sighting.key for sighting in self._seen.values() if not sighting.oddity)
        return max(keys, key=lambda key: key.mtime_ns, default=None)

    def scan(self) -> Iterator[tuple[str, int]]:
        """Look at every file in short steps; each gives the folder's real path and its inode.

        Raises
        ------
        OSError
            The folder is gone, its share is unreachable, or it may not be read.
        """
        # Resolved, so that a file has one key by whichever link or drive letter it is reached.
        self._root = os.path.realpath(self._folder, strict=True)
        identity = self._root, Path(self._root).stat().st_ino
        gone = set(self._seen)
        with os.scandir(self._root) as entries:
            for number, entry in enumerate(entries):
                if is_picture_name(entry.name) and self._look(entry.name, entry.stat):
                    gone.discard(entry.name)
                if number % _CHUNK == 0:
                    yield identity
        for name in gone:
            self._lose(name)
        self._full_looks += 1
        yield identity

    def look_at(self, names: Iterable[str]) -> None:
        """Look at some files, such as those an event named."""
        for name in names:
            # os.stat takes a third of the time of Path.stat.
            if not self._look(name, partial(os.stat, self._path(name))):
                self._lose(name)

    def due(self) -> Iterator[str]:
        """Give the names of which another look counts by now, at most one step's worth."""
        now = self._clock()
        due = [name for name, look_from in self._look_from.items() if now >= look_from]
        return itertools.islice(due, _CHUNK)

    def oldest(self) -> Sighting | None:
        """Give and drop the settled file that was changed first; None when there is none."""
        while self._settled:
            _, name, _, sighting = heapq.heappop(self._settled)
            if self._seen.get(name) is sighting:  # else it has changed or gone since it settled
                return sighting
        return None

    def vanished(self) -> Sighting | None:
        """Give, and keep, the first settled file that went away before it was taken.

        Only after a full look at the folder: one that was just renamed is found again by it.
        """
        if not self._vanished or self._vanished[0][1] >= self._full_looks:
            return None
        there = {sighting.content for sighting in self._seen.values()}
        while self._vanished and self._vanished[0][1] < self._full_looks:
            sighting = self._vanished[0][0]
            if sighting.content not in there:
                return sighting
            self._vanished.popleft()
        return None

    def forget_vanished(self) -> None:
        """Drop what `vanished` gave."""
        self._vanished.popleft()

    def look_again(self, sighting: Sighting, look_from: float) -> None:
        """Let a file that `oldest` gave wait for another look, which counts from then."""
        self._look_from[Path(sighting.key.path).name] = look_from

    def mark_taken(self, key: FileKey) -> None:
        """Never give this file again, unless it changes."""
        self._taken[key] = None
        while len(self._taken) > _REMEMBERED:
            self._taken.popitem(last=False)

    def _look(self, name: str, stat_it: Callable[[], os.stat_result]) -> bool:
        """Take note of a directory entry as it is now; False when it is gone."""
        try:
            found = stat_it()
        except OSError as error:
            if not Path(self._path(name)).is_symlink():
                return False
            loop = error.errno == errno.ELOOP
            self._see(name, None, "a link to itself" if loop else DEAD_LINK)
        else:
            # On Windows a look through the folder gives no such number, another look does.
            inode = 0 if os.name == "nt" else found.st_ino
            self._see(name, file_key(self._path(name), found), _oddity(found), inode)
        return True

    def _see(self, name: str, key: FileKey | None, oddity: str, inode: int = 0) -> None:
        now = self._clock()
        key = key or FileKey(self._path(name), size=0, mtime_ns=0)
        known = self._seen.get(name)
        if known is not None and (known.key, known.oddity) == (key, oddity):
            if now >= self._look_from.get(name, float("inf")):
                del self._look_from[name]
                place = (known.key.mtime_ns, name, next(self._running), known)
                heapq.heappush(self._settled, place)
            return
        self._forget(name)
        self._seen[name] = Sighting(key, now, oddity=oddity, inode=inode)
        if key not in self._taken:
            self._look_from[name] = now + SETTLE_S

    def _lose(self, name: str) -> None:
        """Take note that a file is gone; one that was whole and not yet taken is missed."""
        sighting = self._seen.get(name)
        waited = sighting is not None and name not in self._look_from
        self._forget(name)
        if sighting is None or not waited or sighting.oddity or sighting.key in self._taken:
            return
        self._vanished.append((sighting, self._full_looks))

    def _path(self, name: str) -> str:
        return os.path.join(self._root, name)  # noqa: PTH118 - a third of the time of Path

    def _forget(self, name: str) -> None:
        self._seen.pop(name, None)
        self._look_from.pop(name, None)


def _oddity(found: os.stat_result) -> str:
    """Say what it is that is no picture file; empty for a file that may be one."""
    if stat.S_ISREG(found.st_mode):
        return "" if found.st_size <= MOST_BYTES else f"a file of {found.st_size / 2**30:.0f} GiB"
    return "a folder" if stat.S_ISDIR(found.st_mode) else "a pipe or a device"
