"""The log stays small and the anchors are noted without anybody asking."""

from __future__ import annotations

import pytest

from tests.workstation.records.conftest import STATION, inspection
from workstation.paths import DataFolder
from workstation.records.anchors import read_anchors
from workstation.records.database import Database
from workstation.records.maintenance import Maintenance
from workstation.records.store import Store
from workstation.records.verify import verify


def test_anchors_stand_at_the_start_and_at_the_end(
    database: Database, folder: DataFolder, store: Store
) -> None:
    maintenance = Maintenance(database, STATION, folder.anchors)
    store.record(inspection(1))
    maintenance.close()
    anchors, damaged = read_anchors(folder.anchors)
    assert (anchors[-1].seq, damaged) == (2, 0)
    assert verify(database, anchors).anchors == len(anchors) == 2


def test_a_folder_that_is_gone_does_not_stop_it(
    database: Database, folder: DataFolder, caplog: pytest.LogCaptureFixture
) -> None:
    maintenance = Maintenance(database, STATION, folder.root / "gone" / "anchors.jsonl")
    maintenance.close()
    assert "No anchor" in caplog.text


def test_a_checkpoint_empties_the_log(database: Database, store: Store) -> None:
    store.record(inspection(1))
    assert database.wal_bytes > 0
    database.checkpoint(shrink=True)
    assert database.wal_bytes == 0
    store.record(inspection(2))  # the connection is as good as before
    assert verify(database, []).sound
