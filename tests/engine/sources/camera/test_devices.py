"""Cameras by stable names, from a folder that looks like a Linux system."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from engine.sources.camera.devices import CameraFound, list_cameras

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="links as Linux makes them")
BY_ID = "usb-046d_HD_Pro_Webcam_C920_1A2B-video-index0"
BY_PATH = "pci-0000:00:14.0-usb-0:3:1.0-video-index0"


def plug_in(root: Path, number: int, name: str = "", **links: str) -> None:
    node = root / "dev" / f"video{number}"
    node.parent.mkdir(exist_ok=True)
    node.touch()
    if name:
        described = root / "sys" / "class" / "video4linux" / node.name
        described.mkdir(parents=True)
        (described / "name").write_text(f"{name}\n", encoding="utf-8")
    for kind, link in links.items():
        folder = root / "dev" / "v4l" / kind.replace("_", "-")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / link).symlink_to(Path("..") / ".." / node.name)


def found(root: Path) -> list[CameraFound]:
    return list_cameras(root, captures=lambda node: node.name != "video1")


def test_a_camera_goes_by_the_most_stable_name_it_has(tmp_path: Path) -> None:
    plug_in(tmp_path, 10, "Built-in")
    plug_in(tmp_path, 2, "Microscope", by_path=BY_PATH)
    plug_in(tmp_path, 0, "HD Pro Webcam C920", by_id=BY_ID, by_path="x" + BY_PATH)
    plug_in(tmp_path, 1, "HD Pro Webcam C920", by_id=BY_ID.replace("index0", "index1"))
    plug_in(tmp_path, 11)
    named = tmp_path / "dev" / "v4l"
    assert found(tmp_path) == [
        CameraFound(str(named / "by-id" / BY_ID), "HD Pro Webcam C920", stable=True),
        CameraFound(str(named / "by-path" / BY_PATH), "Microscope", stable=True),
        CameraFound(str(tmp_path / "dev" / "video10"), "Built-in", stable=False),
        CameraFound(str(tmp_path / "dev" / "video11"), "video11", stable=False),
    ]


def test_a_computer_without_cameras_has_none(tmp_path: Path) -> None:
    assert list_cameras(tmp_path) == []


def test_what_no_driver_answers_for_is_no_camera(tmp_path: Path) -> None:
    plug_in(tmp_path, 0, "A plain file")
    assert list_cameras(tmp_path) == []


def test_the_cameras_of_this_computer_can_be_listed() -> None:
    assert all(camera.device and camera.name for camera in list_cameras())
