"""What a set-up takes of disk and time, said before it begins."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from installer.environment import Environment
from installer.errors import SetupError
from installer.progress import GB, size_gb


@dataclass(frozen=True, slots=True)
class Cost:
    """What a complete environment takes with the pinned versions."""

    installed_gb: float
    downloaded_gb: float
    installing_minutes: float
    """Unpacking and compiling, without the download."""

    @property
    def minutes(self) -> int:
        """About how long it takes over a line of 100 Mbit/s."""
        return round(self.installing_minutes + self.downloaded_gb * 8000 / 100 / 60)

    @property
    def peak_gb(self) -> float:
        """Disk needed meanwhile: pip's cache of all downloads, and one step's beside it."""
        return self.installed_gb + 1.2 * self.downloaded_gb


WITH_CUDA = Cost(installed_gb=7.0, downloaded_gb=3.4, installing_minutes=2.0)
"""Measured on Linux x86-64 with two cores."""

WITHOUT_CUDA = Cost(installed_gb=1.9, downloaded_gb=0.6, installing_minutes=2.0)
"""The sizes of the pinned Windows wheels, packed and unpacked; the minutes as above."""


def cost(platform: str = sys.platform) -> Cost:
    """Give the cost on this platform: on Linux, PyTorch brings the CUDA libraries along."""
    return WITH_CUDA if platform.startswith("linux") else WITHOUT_CUDA


def free_bytes(folder: Path) -> int:
    """Ask the disk of `folder`."""
    return shutil.disk_usage(folder).free


def announce(environment: Environment, *, free: Callable[[Path], int] = free_bytes) -> None:
    """Say what the set-up will take, and refuse where the disk cannot hold it.

    Raises
    ------
    SetupError
        Too little disk is free, or the folder cannot be written.
    """
    total = cost()
    left_over_gb = size_gb(environment.downloads)  # of a killed pip; will be removed
    there_gb = size_gb(environment.folder) - left_over_gb
    if there_gb > 0.9 * total.installed_gb:
        print(f"Bringing {environment.folder} up to date: about a minute.", flush=True)
    else:
        print(
            f"Setting up Loupe in {environment.folder}: {total.installed_gb} GB on the disk after "
            f"downloading about {total.downloaded_gb} GB, about {total.minutes} minutes at "
            "100 Mbit/s." + (f" {there_gb:.1f} GB are there already." if there_gb > 0.1 else ""),
            flush=True,
        )
    if not os.access(environment.root, os.W_OK):
        raise SetupError(f"You may not write to {environment.root}. Use a copy of your own.")
    if there_gb > 0.9 * total.installed_gb:
        return
    needed_gb = total.peak_gb - there_gb
    free_gb = free(environment.root) / GB + left_over_gb
    if free_gb < needed_gb:
        raise SetupError(
            f"The disk of {environment.root} has {free_gb:.1f} GB free; the set-up needs up to "
            f"{needed_gb:.1f} GB while it runs. Free some space and start again."
        )
