"""All releases of a station: manifests in folders of their own, blobs once for all of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from engine.errors import ModelError
from engine.releases.blobs import StoredBlob
from engine.releases.folder import (
    BLOBS,
    MANIFEST,
    FittedRelease,
    Release,
    open_release,
    write_whole,
)
from engine.types import Limits


@dataclass(frozen=True)
class Library:
    """The folder ``releases``: ``<id>/manifest.json`` and ``blobs/<sha256>.safetensors``."""

    folder: Path

    def add(self, fitted: FittedRelease) -> Release:
        """Keep a fitted release; mends what is damaged where it is there already.

        Raises
        ------
        ModelError
            It could not be written.
        """
        blobs, target = self.folder / BLOBS, self.folder / fitted.manifest.id
        try:
            blobs.mkdir(parents=True, exist_ok=True)
            # Blobs first: a manifest never cites what is not there.
            for sha256, data in fitted.blobs.items():
                path = blobs / f"{sha256}.safetensors"
                if not _is_whole(path):
                    write_whole(path, data)
            target.mkdir(exist_ok=True)
            if not _is_readable(target):
                write_whole(target / MANIFEST, fitted.manifest.to_bytes())
        except OSError as error:
            raise ModelError(
                f"The release could not be kept in {self.folder} ({error.strerror}). "
                "Check the rights and the free disk space."
            ) from error
        return open_release(target)

    def import_from(self, folder: Path) -> Release:
        """Copy a release folder into the library, every hash checked."""
        release = open_release(folder)
        cited = set(release.manifest.blobs.values())
        blobs = {sha256: StoredBlob(release.blob_path(sha256)) for sha256 in cited}
        for blob in blobs.values():  # before anything is written
            blob.check()
        return self.add(FittedRelease(release.manifest, blobs))

    def with_limits(self, release: Release, limits: Limits, *, reason: str, person: str) -> Release:
        """Make a release with the same bank and other limits; copies no blob.

        Raises
        ------
        ModelError
            `release` is not in this library, or the new one could not be written.
        """
        if release.folder.parent != self.folder:
            raise ModelError(f"Release {release.id} is not in {self.folder}. Import it first.")
        return self.add(
            FittedRelease(release.manifest.with_limits(limits, reason=reason, person=person), {})
        )

    def open(self, release_id: str) -> Release:
        """Open a release by its id."""
        return open_release(self.folder / release_id)

    def all(self) -> list[Release]:
        """Give all readable releases, newest first; `damaged` gives the others."""
        found = [release for release in self._opened() if isinstance(release, Release)]
        return sorted(found, key=lambda release: release.manifest.created_at, reverse=True)

    def damaged(self) -> list[ModelError]:
        """Say of each release whose manifest is missing or damaged what is wrong with it."""
        return [error for error in self._opened() if isinstance(error, ModelError)]

    def _opened(self) -> Iterator[Release | ModelError]:
        if not self.folder.is_dir():
            return
        for folder in sorted(self.folder.iterdir()):
            if folder.is_dir() and folder.name != BLOBS:
                try:
                    yield open_release(folder)
                except ModelError as error:
                    yield error


def _is_whole(blob: Path) -> bool:
    try:
        StoredBlob(blob).check()
    except ModelError:
        return False
    return True


def _is_readable(folder: Path) -> bool:
    try:
        open_release(folder)
    except ModelError:
        return False
    return True
