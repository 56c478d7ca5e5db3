"""Small pictures of the last parts, each made once."""

from __future__ import annotations

from collections.abc import Iterable

from workstation.inspection.seen_part import SeenPart
from workstation.widgets.qimages import picture_image, shrunk
from workstation.widgets.strip import Thumbnail

THUMBNAIL_PX = 160


class Thumbnails:
    """Remembers the thumbnails of the parts it was last asked for, and of no others."""

    def __init__(self) -> None:
        self._made: dict[int, Thumbnail] = {}

    def of(self, newest_first: Iterable[SeenPart]) -> tuple[Thumbnail, ...]:
        """Give the thumbnails of some parts."""
        shown = tuple(self._one(part) for part in newest_first)
        self._made = {thumbnail.key: thumbnail for thumbnail in shown}
        return shown

    def _one(self, part: SeenPart) -> Thumbnail:
        known = self._made.get(part.inspection_id)
        # Two faults that could not be recorded share the id 0, and are not the same part.
        if known is not None and known.words == part.short_name:
            fetched_since = known.picture is None and part.picture is not None
            if not fetched_since:
                return known
        image = part.picture
        small = None if image is None else picture_image(shrunk(image, longest=THUMBNAIL_PX))
        return Thumbnail(part.inspection_id, part.sign, part.short_name, small)
