"""Which processor computes, and the settings that make its numbers repeat."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import cv2
import torch

from engine.errors import RecipeError


def open_device(wish: str = "auto") -> torch.device:
    """Give the device: ``auto`` (a GPU where there is one), ``cpu``, ``cuda`` or ``cuda:N``.

    Raises
    ------
    RecipeError
        The device is not there.
    """
    # TF32 would make a bank fitted here and a score computed elsewhere differ by 1e-3.
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.benchmark = False
    # OpenCV's own threads go on spinning after each small task and hold torch's up: on 2 cores the
    # 95th percentile of an inspection was 27 ms with them and is 16 ms without.
    cv2.setNumThreads(1)
    has_gpu = torch.cuda.is_available()
    if wish == "auto":
        return torch.device("cuda" if has_gpu else "cpu")
    try:
        device = torch.device(wish)
    except RuntimeError as error:
        raise RecipeError(f"There is no device {wish!r}. Use auto, cpu or cuda.") from error
    if device.type not in ("cpu", "cuda"):
        raise RecipeError(f"Loupe does not compute on {wish!r}. Use auto, cpu or cuda.")
    if device.type == "cuda" and (not has_gpu or (device.index or 0) >= torch.cuda.device_count()):
        raise RecipeError(f"This PC has no usable GPU {wish!r}. Use --device auto or cpu.")
    return device


def has_bfloat16(device: torch.device) -> bool:
    """Tell whether a device multiplies bfloat16 in hardware; emulated it would only cost time."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    # torch 2.6 cannot be asked.
    capabilities: Mapping[str, Any] = getattr(torch.cpu, "get_capabilities", dict)()
    return any(capabilities.get(name) for name in ("amx_bf16", "avx512_bf16", "bf16"))


def memory_bytes(device: torch.device) -> int:
    """Give how much memory there is: of the GPU what is free, else all the PC has."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    if sys.platform == "win32":
        kilobytes = ctypes.c_ulonglong()
        ctypes.windll.kernel32.GetPhysicallyInstalledSystemMemory(ctypes.byref(kilobytes))
        return kilobytes.value * 1024
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def leave_a_core() -> None:
    """Compute on all processor cores but one; called in the thread that will compute.

    The window, the record and the source need a core of their own. With none left, each of the
    hundred small parallel pieces of one inspection waits for a thread that is not running: on 2
    busy cores an inspection of 20 ms took 0.2 to 0.9 s.
    """
    torch.set_num_threads(max(1, (os.cpu_count() or 1) - 1))


@contextmanager
def one_thread() -> Iterator[None]:
    """Compute on one processor core inside: for many small pieces, which threads only hold up."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
