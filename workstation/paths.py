"""Where the station's data lies: one folder for all accounts of the computer."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

import platformdirs

ENVIRONMENT_VARIABLE = "LOUPE_DATA"


class DataFolderError(Exception):
    """The data folder that was asked for cannot be used; the message says what to do."""


@dataclass(frozen=True, slots=True)
class DataFolder:
    """The station's files by name. Nothing is created until `create` is called."""

    root: Path

    @property
    def database(self) -> Path:
        """The embedded database; unused where the settings name another one."""
        return self.root / "loupe.db"

    @property
    def database_url(self) -> str:
        """URL of the embedded database."""
        return f"sqlite:///{self.database.as_posix()}"

    @property
    def settings(self) -> Path:
        """What this station is set to."""
        return self.root / "settings.json"

    @property
    def lock(self) -> Path:
        """Held by the one station that runs in this folder."""
        return self.root / "station.lock"

    @property
    def releases(self) -> Path:
        """One folder with a manifest per release."""
        return self.root / "releases"

    @property
    def blobs(self) -> Path:
        """Banks and weights, once each, named by their SHA-256."""
        return self.releases / "blobs"

    @property
    def weights(self) -> Path:
        """One folder per name under which a person imported weights."""
        return self.root / "weights"

    @property
    def pictures(self) -> Path:
        """Teaching and golden pictures, and the archive."""
        return self.root / "pictures"

    @property
    def cache(self) -> Path:
        """May be deleted at any time; is rebuilt."""
        return self.root / "cache"

    @property
    def backups(self) -> Path:
        """Copies of the database."""
        return self.root / "backups"

    @property
    def logs(self) -> Path:
        """What the program said."""
        return self.root / "logs"

    @property
    def anchors(self) -> Path:
        """Heads of the hash chains, noted outside the database."""
        return self.root / "anchors.jsonl"

    def create(self) -> None:
        """Make the folders that are missing.

        Raises
        ------
        DataFolderError
            The folder cannot be made.
        """
        folders = (self.root, self.blobs, self.pictures, self.cache, self.backups, self.logs)
        try:
            for folder in folders:
                folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DataFolderError(_cannot_write(self.root, error)) from error


def find_data_folder(option: Path | None = None) -> tuple[DataFolder, str | None]:
    """Choose the data folder: the option, else LOUPE_DATA, else the computer's, else the person's.

    Returns
    -------
    folder
        Absolute; it may not exist yet.
    note
        A sentence for people where another folder than the computer's had to be taken, else None.

    Raises
    ------
    DataFolderError
        A folder that was named (by option or variable) cannot be written.
    """
    named = option or os.environ.get(ENVIRONMENT_VARIABLE)
    if named:
        root = Path(named).expanduser().absolute()
        if (obstacle := _obstacle(root)) is not None:
            raise DataFolderError(_cannot_write(root, obstacle))
        return DataFolder(root), None
    shared = platformdirs.site_data_path("loupe", appauthor=False)
    if (obstacle := _obstacle(shared)) is None:
        return DataFolder(shared), None
    own = platformdirs.user_data_path("loupe", appauthor=False)
    note = (
        f"The folder for all accounts, {shared}, cannot be written ({obstacle}); "
        f"this account's own folder {own} is used instead."
    )
    return DataFolder(own), note


def _obstacle(root: Path) -> OSError | None:
    """Say what keeps `root`, or the folder it would be made in, from being written."""
    existing = next(path for path in (root, *root.parents) if path.exists())
    try:
        # Asking the system for permissions is not enough: on Windows it looks at the read-only
        # mark alone, and a share can be mounted read-only.
        with tempfile.TemporaryFile(dir=existing):
            return None
    except OSError as error:
        return error


def _cannot_write(root: Path, obstacle: OSError) -> str:
    return (
        f"The data folder {root} cannot be written ({obstacle}). Name another one with "
        f"--data-dir or {ENVIRONMENT_VARIABLE}, or give this account the right to write there."
    )
