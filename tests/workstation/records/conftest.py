"""A real record in a folder of its own, and parts to put into it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from engine.types import (
    Fault,
    FaultKind,
    FileKey,
    Frame,
    Inspection,
    Limits,
    Origin,
    Region,
    Verdict,
)
from workstation.paths import DataFolder
from workstation.records.database import Database
from workstation.records.schema import open_record
from workstation.records.store import Store

STATION = "press 4"
NOON = datetime(2026, 3, 2, 12, 0, 0, 123456, tzinfo=UTC)


def origin(number: int = 1, *, keyed: bool = True, **changes: object) -> Origin:
    """Give where part `number` came from; a file of its own unless `keyed` is False."""
    values: dict[str, object] = {
        "source": "folder" if keyed else "simulator",
        "part_id": f"part-{number:04}",
        "taken_at": NOON,
        "number": number,
        "simulated": False,
        "sha256": f"{number:064x}",
        "file": FileKey(f"/line/{number}.png", 1000, 10**18 + number) if keyed else None,
    }
    return Origin(**{**values, **changes})  # type: ignore[arg-type]


def inspection(
    number: int = 1,
    verdict: Verdict = Verdict.OK,
    *,
    original: bytes | None = None,
    score: float = 1.5,
    **changes: object,
) -> Inspection:
    """Give an inspected part."""
    image = np.full((6, 8, 3), number % 256, np.uint8)
    return Inspection(
        frame=Frame(image, origin(number, **changes), original),  # type: ignore[arg-type]
        score=score,
        map=np.linspace(0, 3, 12, dtype=np.float32).reshape(3, 4),
        shown_map=None,
        regions=(Region(1, 2, 3, 4, area_px=9.5, peak=2.25, peak_x=2, peak_y=3),),
        limits=Limits(t1=1.0, t2=2.0, pixel=2.5),
        verdict=verdict,
        release_id="release-1",
        stage_ms={"preprocess": 1.5, "method": 20.25},
    )


def fault(number: int = 1, **changes: object) -> Fault:
    """Give a part whose picture could not be decoded."""
    return Fault(
        origin(number, **changes),  # type: ignore[arg-type]
        FaultKind.PICTURE,
        "The file is cut off; save it again.",
        original=b"no picture",
    )


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    folder = DataFolder(tmp_path / "data")
    folder.create()
    return folder


@pytest.fixture(scope="session")
def new_record(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the file of a record that was just made, to be copied: making one takes a while."""
    path = tmp_path_factory.mktemp("new") / "loupe.db"
    database = open_record(f"sqlite:///{path.as_posix()}", station=STATION)
    database.checkpoint(shrink=True)
    database.close()
    return path


@pytest.fixture
def database(folder: DataFolder, new_record: Path) -> Iterator[Database]:
    shutil.copyfile(new_record, folder.database)
    database = open_record(folder.database_url, station=STATION)
    yield database
    database.close()


@pytest.fixture
def store(database: Database) -> Store:
    return Store(database, STATION)


@pytest.fixture
def rows(database: Database) -> Callable[..., list[object]]:
    """Read all rows of a query."""

    def read(query: object) -> list[object]:
        with database.reading() as session:
            return list(session.scalars(query))  # type: ignore[call-overload]

    return read
