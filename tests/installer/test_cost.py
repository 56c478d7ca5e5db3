"""What the set-up says of disk and time before it begins."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from installer.cost import announce, cost
from installer.environment import Environment
from installer.errors import SetupError


def plenty(folder: Path) -> int:
    return 10**12


def test_size_and_minutes_are_said_first(
    checkout: Environment, capsys: pytest.CaptureFixture[str]
) -> None:
    announce(checkout, free=plenty)
    said = capsys.readouterr().out
    assert f"{cost().installed_gb} GB" in said
    assert re.search(r"about \d+ minutes", said)


def test_too_little_disk_is_refused_before_anything_is_written(checkout: Environment) -> None:
    with pytest.raises(SetupError, match=r"has 1\.0 GB free; the set-up needs up to \d+"):
        announce(checkout, free=lambda folder: 10**9)
    assert not checkout.folder.exists()


def test_what_is_there_already_needs_no_more_disk(
    checkout: Environment, capsys: pytest.CaptureFixture[str]
) -> None:
    checkout.folder.mkdir()
    with (checkout.folder / "large").open("wb") as large:
        large.truncate(int(cost().installed_gb * 1e9))
    announce(checkout, free=lambda folder: 10**9)
    assert "up to date" in capsys.readouterr().out


def test_linux_brings_the_cuda_libraries() -> None:
    assert cost("linux").installed_gb > cost("win32").installed_gb
