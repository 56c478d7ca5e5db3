from __future__ import annotations

import gc
import tempfile
from pathlib import Path

import pytest
import torch

from engine.components.spill import Spill, check_room
from engine.errors import RecipeError


def rows(count: int, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    return torch.randn(count, 7, generator=torch.Generator().manual_seed(0)).to(dtype)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.int64])
def test_it_gives_back_what_was_written(dtype: torch.dtype) -> None:
    spill, expected = Spill(), rows(5, dtype)
    for row in expected:
        spill.append(row)
    assert len(spill) == 5
    assert spill.rows().dtype == dtype and torch.equal(spill.rows(), expected)


def test_more_can_follow() -> None:
    spill, expected = Spill(), rows(5)
    spill.append(expected[0])
    first = spill.rows()
    for row in expected[1:]:
        spill.append(row)
    assert torch.equal(first, expected[:1]) and torch.equal(spill.rows(), expected)


def test_of_nothing_there_are_no_rows() -> None:
    assert list(Spill().rows()) == []


def test_a_row_of_a_table_is_written_alone() -> None:
    spill = Spill()
    spill.append(rows(5).T[2])
    assert torch.equal(spill.rows()[0], rows(5)[:, 2])


def test_rows_outlive_it_and_leave_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    spill = Spill()
    for row in rows(5):
        spill.append(row)
    kept = spill.rows()[3]
    del spill
    gc.collect()
    assert torch.equal(kept, rows(5)[3])
    del kept
    gc.collect()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_full_disk_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    with Path("/dev/full").open("wb", buffering=0) as full:
        monkeypatch.setattr(tempfile, "TemporaryFile", lambda **_: full)
        with pytest.raises(
            RecipeError, match=r"After 0 pictures .*No space left on device.*TMPDIR"
        ):
            Spill().append(rows(1)[0])


def test_a_disk_that_will_not_do_is_told_beforehand() -> None:
    check_room(1)
    with pytest.raises(RecipeError, match=r"needs 1000000000\.0 GB of disk in .*TMPDIR"):
        check_room(10**18)
