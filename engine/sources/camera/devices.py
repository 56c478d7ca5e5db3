"""The cameras of this computer, by names that stay the same when they are plugged in again."""

from __future__ import annotations

import os
import struct
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2

_QUERYCAP = 0x80685600
"""VIDIOC_QUERYCAP of <linux/videodev2.h>: _IOR('V', 0, struct v4l2_capability)."""
_CAPABILITY = struct.Struct("=16s32s32sIII12x")
"""Driver, card, bus, version, capabilities of the device, of this node; reserved."""
_NODE_HAS_OWN = 0x80000000
_CAPTURES = 0x00000001 | 0x00001000
"""V4L2_CAP_VIDEO_CAPTURE, V4L2_CAP_VIDEO_CAPTURE_MPLANE."""
_WINDOWS_DEVICES = 8


@dataclass(frozen=True, slots=True)
class CameraFound:
    """A camera that can be chosen."""

    device: str
    """What `CameraConfig.device` takes."""
    name: str
    """For people."""
    stable: bool
    """Whether `device` names the same camera after it was plugged in elsewhere or restarted."""


def list_cameras(
    root: Path = Path("/"), *, captures: Callable[[Path], bool] | None = None
) -> list[CameraFound]:
    """List the cameras that are plugged in.

    On Linux by ``/dev/v4l/by-id``, which follows the camera to another socket; else by
    ``/dev/v4l/by-path``, which follows the socket; else by its number. On Windows only by the
    index in the order of DirectShow, without a name: nothing Loupe depends on tells more.

    Parameters
    ----------
    root
        The folder in which ``dev`` and ``sys`` are looked for.
    captures
        Tells cameras from the other devices that look like one (metadata, decoders); None: the
        driver is asked.
    """
    if sys.platform == "win32":
        return list(_windows_cameras())
    return list(_linux_cameras(root, captures or _captures))


def _linux_cameras(root: Path, captures: Callable[[Path], bool]) -> Iterator[CameraFound]:
    names = _stable_names(root / "dev" / "v4l")
    for node in sorted((root / "dev").glob("video*"), key=_number):
        if captures(node):
            name = _read(root / "sys" / "class" / "video4linux" / node.name / "name")
            device = names.get(node.resolve())
            yield CameraFound(str(device or node), name or node.name, stable=device is not None)


def _stable_names(folder: Path) -> dict[Path, Path]:
    """Give the best stable name of each device node: by-path first, overwritten by by-id."""
    links = [link for kind in ("by-path", "by-id") for link in sorted((folder / kind).glob("*"))]
    return {link.resolve(): link for link in links}


def _number(node: Path) -> tuple[int, str]:
    digits = node.name.removeprefix("video")
    return (int(digits), "") if digits.isdecimal() else (sys.maxsize, digits)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""


def _captures(node: Path) -> bool:
    """Ask the driver whether pictures can be taken with this node; works while it is in use."""
    if sys.platform == "win32":
        return False
    import fcntl  # not on Windows

    answer = bytearray(_CAPABILITY.size)
    try:
        descriptor = os.open(node, os.O_RDWR | os.O_NONBLOCK)
    except OSError:
        return False
    try:
        fcntl.ioctl(descriptor, _QUERYCAP, answer)
    except OSError:
        return False
    finally:
        os.close(descriptor)
    *_, of_device, of_node = _CAPABILITY.unpack(answer)
    return bool((of_node if of_device & _NODE_HAS_OWN else of_device) & _CAPTURES)


def _windows_cameras() -> Iterator[CameraFound]:
    """Try the first indices; a camera in use by another program is not found."""
    for index in range(_WINDOWS_DEVICES):
        capture = cv2.VideoCapture(index, cv2.CAP_DSHOW)
        found = capture.isOpened()
        capture.release()
        if found:
            yield CameraFound(str(index), f"Camera {index}", stable=False)
