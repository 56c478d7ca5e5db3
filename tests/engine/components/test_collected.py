from __future__ import annotations

import gc
import tempfile
from pathlib import Path

import pytest
import torch

from engine.components import collected as module
from engine.components.collected import Collected, collected_bytes
from engine.errors import RecipeError

EACH = 4 * 6


def table(number: int) -> torch.Tensor:
    return torch.arange(6.0).view(2, 3) + 10 * number


def filled(count: int, *, held: int) -> Collected:
    found = Collected(limit_bytes=held * EACH)
    for number in range(count):
        found.append(table(number))
    return found


def same(found: list[torch.Tensor], expected: list[torch.Tensor]) -> bool:
    return all(torch.equal(a, b) for a, b in zip(found, expected, strict=True))


@pytest.mark.parametrize("held", [0, 1, 3, 9])
class TestWhatWasCollected:
    def test_it_comes_back_in_any_order(self, held: int) -> None:
        found = filled(7, held=held)
        assert (len(found), found.shape, found.is_on_disk) == (7, (2, 3), held < 7)
        numbers = [6, 0, 3, 3, 5]
        assert same(found.take(numbers), [table(n) for n in numbers])

    def test_it_comes_back_in_blocks(self, held: int, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(module, "BLOCK_BYTES", 3 * EACH)
        found = filled(7, held=held)
        assert list(found.blocks()) == [range(3), range(3, 6), range(6, 7)]
        assert same(found.take(range(3, 6)), [table(n) for n in range(3, 6)])

    def test_what_is_forgotten_is_passed_over(self, held: int) -> None:
        found = filled(7, held=held)
        found.forget([0, 4])
        found.append(table(20))
        expected = [1, 2, 3, 5, 6, 20]
        assert len(found) == 6
        assert same(found.take(range(6)), [table(n) for n in expected])


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_types_come_back_to_the_last_bit(dtype: torch.dtype) -> None:
    found, rows = Collected(limit_bytes=0), torch.randn(5, 4, 3).to(dtype)
    for row in rows:
        found.append(row)
    assert found.is_on_disk and same(found.take(range(5)), list(rows))


def test_nothing_stays_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    found = filled(4, held=1)
    file = found._file
    del found
    gc.collect()
    assert file is not None and file.closed and not list(tmp_path.iterdir())


def test_a_full_disk_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    found = filled(2, held=1)

    def full(self: Collected, tensor: torch.Tensor) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Collected, "_write", full)
    with pytest.raises(RecipeError, match=r"After 2 pictures .* could take no more \(No space"):
        found.append(table(3))


def test_the_estimate_stops_where_the_disk_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "memory_bytes", lambda _: 24 * 2**30)
    each = 6 * 2**20
    few, many, more = (collected_bytes(each, count) for count in (10, 4000, 8000))
    assert few == 2 * 10 * each
    assert many == more == 6 * 2**30 + 2**30
