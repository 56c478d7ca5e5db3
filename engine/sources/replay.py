"""Replay: the pictures of a folder again, in order, as if they came from the line."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from datetime import UTC, datetime

from engine.errors import SourceError
from engine.pictures import list_pictures
from engine.recipe import part_of
from engine.sources.base import ReplayConfig, SourceStatus
from engine.sources.pace import Pace
from engine.sources.taking import frame_or_fault, picture_of
from engine.types import Fault, FaultKind, Frame, Image, Origin


class ReplaySource:
    """A `Source` over the pictures that the folder holds when it is opened.

    Raises
    ------
    SourceError
        The folder is missing, may not be read, or holds no picture.
    """

    def __init__(
        self, config: ReplayConfig, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._config = config
        self._paths = list_pictures(config.path)
        if not self._paths:
            raise SourceError(
                f"There is no picture in {config.path}; choose a folder with PNG, JPEG, BMP, "
                "TIFF, WebP or GIF files directly inside."
            )
        self._pace = Pace(config.interval_s, clock)
        self._taken = 0

    def grab(self) -> Frame | Fault | None:
        """Take the next picture when it is due; see `Source.grab`."""
        if self._exhausted or not self._pace.take_turn():
            return None
        path = self._paths[self._taken % len(self._paths)]
        self._taken += 1
        try:
            data = path.read_bytes()
        except OSError as error:
            reason = f"{path} could not be read: {error.strerror}."
            return Fault(self._origin(path.name, None), FaultKind.PICTURE, reason)
        return frame_or_fault(data, self._origin(path.name, data), path.name)

    def take_again(self, origin: Origin, attempt: int) -> None:
        """Refuse: the pictures of a replay have no key by which attempts could be told apart.

        Raises
        ------
        SourceError
            Always.
        """
        raise SourceError(
            f"Part {origin.part_id} comes from a replay; start the replay again to inspect it "
            "once more."
        )

    def preview(self) -> Image | None:
        """Show the picture that comes next; see `Source.preview`."""
        return picture_of(str(self._paths[self._taken % len(self._paths)]))

    def status(self) -> SourceStatus:
        """Say how the source is doing; see `Source.status`."""
        count = len(self._paths)
        waiting = 0 if self._exhausted else count - self._taken % count
        what = "has ended" if self._exhausted else f"{waiting} of {count} pictures to come"
        return SourceStatus(
            name=self._config.kind,
            sentence=f"Replay of {self._config.path}: {what}.",
            healthy=True,
            waiting=waiting,
            exhausted=self._exhausted,
        )

    def close(self) -> None:
        """Nothing is held; see `Source.close`."""

    @property
    def _exhausted(self) -> bool:
        return not self._config.repeat and self._taken >= len(self._paths)

    def _origin(self, name: str, data: bytes | None) -> Origin:
        return Origin(
            source=self._config.kind,
            part_id=part_of(name, self._config.part_pattern),
            taken_at=datetime.now(UTC),
            number=self._taken,
            simulated=False,
            sha256=None if data is None else hashlib.sha256(data).hexdigest(),
        )
