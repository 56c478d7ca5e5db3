"""One release in one folder: ``manifest.json`` and the safetensors blobs it cites by hash."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from engine.errors import ModelError
from engine.releases.blobs import Content, pieces_of, read_tensors
from engine.releases.manifest import Manifest

MANIFEST = "manifest.json"
BLOBS = "blobs"


@dataclass(frozen=True, eq=False)
class FittedRelease:
    """A release that is not on disk yet: its manifest and its blobs by SHA-256."""

    manifest: Manifest
    blobs: Mapping[str, Content]


@dataclass(frozen=True)
class Release:
    """A release on disk whose manifest has been checked; its blobs are checked when read."""

    folder: Path
    manifest: Manifest

    @property
    def id(self) -> str:
        """The id every row of the record cites."""
        return self.manifest.id

    def tensors(self, blob: str) -> dict[str, Tensor]:
        """Read a blob; an empty dict where the release has none of this name.

        Raises
        ------
        ModelError
            The file is missing, truncated, or not the one the manifest cites.
        """
        sha256 = self.manifest.blobs.get(blob)
        if sha256 is None:
            return {}
        return read_tensors(self.blob_path(sha256))

    def blob_path(self, sha256: str) -> Path:
        """Find a cited file: in the folder itself, else in the library's shared blobs beside it."""
        name = f"{sha256}.safetensors"
        for place in (self.folder, self.folder.parent / BLOBS):
            if (place / name).is_file():
                return place / name
        raise ModelError(
            f"Release {self.id} lacks its blob {sha256[:12]} in {self.folder}. "
            "Import the release again."
        )

    def size_bytes(self) -> int:
        """Bytes on disk of the manifest and all cited blobs."""
        paths = [self.blob_path(sha256) for sha256 in set(self.manifest.blobs.values())]
        return sum(path.stat().st_size for path in [self.folder / MANIFEST, *paths])


def open_release(folder: Path) -> Release:
    """Open a release folder and check its manifest.

    Raises
    ------
    ModelError
        There is no release, or it is damaged, changed or of another version.
    """
    try:
        data = (folder / MANIFEST).read_bytes()
    except OSError as error:
        raise ModelError(
            f"{folder} holds no release: {MANIFEST} cannot be read ({error.strerror}). "
            "Choose a release folder, import the release again, or name another with --release."
        ) from error
    return Release(folder, Manifest.from_bytes(data, where=str(folder)))


def write_release(fitted: FittedRelease, folder: Path) -> Release:
    """Write a self-contained release folder, whole or not at all.

    Raises
    ------
    ModelError
        The folder exists and is not empty, or cannot be written.
    """
    folder = folder.absolute()  # the current folder has no name of its own
    partial = folder.with_name(f".{folder.name}.partial-{os.getpid()}")
    try:
        check_free(folder)
        partial.mkdir(parents=True)
        for sha256, data in fitted.blobs.items():
            _write_synced(partial / f"{sha256}.safetensors", data)
        _write_synced(partial / MANIFEST, fitted.manifest.to_bytes())
        if folder.exists():
            folder.rmdir()
        partial.replace(folder)
    except OSError as error:
        raise ModelError(
            f"The release could not be written to {folder} ({error.strerror}). "
            "Check the path, the rights and the free disk space."
        ) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return open_release(folder)


def check_free(folder: Path) -> None:
    """Check that a release may be written to `folder`: it does not exist, or is empty.

    Raises
    ------
    ModelError
        It may not.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ModelError(
            f"{folder} exists already. Releases are never overwritten: choose another folder."
        )


def write_whole(path: Path, data: Content) -> None:
    """Write a file so that it is there whole or not at all, also after a power cut."""
    partial = path.with_name(f".{path.name}.partial-{os.getpid()}")
    try:
        _write_synced(partial, data)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _write_synced(path: Path, data: Content) -> None:
    with path.open("wb") as file:
        for piece in pieces_of(data):
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())
