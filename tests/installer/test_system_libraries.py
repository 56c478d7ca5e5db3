"""The check of what Qt needs from a Linux system."""

from __future__ import annotations

import os
import shutil
import sys

import pytest

from installer import system_libraries
from installer.errors import SetupError

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux only")

TWO = {"libEGL.so.1": "libegl1", "libgthread-2.0.so.0": "libglib2.0-0"}


def test_the_loader_itself_is_asked() -> None:
    assert system_libraries.unresolved(["libc.so.6", "libnobody.so.9"]) == ["libnobody.so.9"]


def test_this_system_can_draw_offscreen() -> None:
    assert system_libraries.missing(window=False, new_environment=False) == {}
    assert system_libraries.count_fonts() > 0


def test_a_window_needs_more_than_offscreen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system_libraries, "unresolved", lambda needed: list(needed))
    offscreen = system_libraries.missing(window=False, new_environment=False)
    assert "libxcb-cursor.so.0" not in offscreen
    assert offscreen[system_libraries.FONT] == "fonts-dejavu-core"
    assert "libxcb-cursor.so.0" in system_libraries.missing(window=True, new_environment=False)


def test_without_root_the_one_command_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system_libraries, "missing", lambda **_: TWO)
    monkeypatch.setattr(shutil, "which", lambda _: "/usr/bin/apt-get")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(SetupError) as told:
        system_libraries.ensure(window=False, new_environment=False)
    command = "sudo sh -c 'apt-get update && apt-get install -y libegl1 libglib2.0-0'"
    assert str(told.value).count("apt-get install") == 1
    assert str(told.value).endswith(command)


def test_root_installs_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    installed: list[str] = []
    monkeypatch.setattr(system_libraries, "missing", lambda **_: {} if installed else TWO)
    monkeypatch.setattr(system_libraries, "install", installed.extend)
    monkeypatch.setattr(shutil, "which", lambda _: "/usr/bin/apt-get")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    system_libraries.ensure(window=False, new_environment=False)
    assert installed == ["libegl1", "libglib2.0-0"]


def test_an_installation_that_did_not_help_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system_libraries, "missing", lambda **_: TWO)
    monkeypatch.setattr(system_libraries, "install", lambda packages: None)
    monkeypatch.setattr(shutil, "which", lambda _: "/usr/bin/apt-get")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    with pytest.raises(SetupError, match="it still fails"):
        system_libraries.ensure(window=False, new_environment=False)
