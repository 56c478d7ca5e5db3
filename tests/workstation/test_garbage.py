"""The cyclic collector while the window is open."""

from __future__ import annotations

import gc

import pytest
from pytestqt.qtbot import QtBot

from workstation import garbage
from workstation.garbage import collecting_in_this_thread


class Knot:
    """Holds itself, so that only the collector can take it away."""

    gone = 0

    def __init__(self) -> None:
        self.itself = self

    def __del__(self) -> None:
        Knot.gone += 1


def test_what_lived_before_is_set_aside_and_what_comes_is_collected(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert gc.isenabled()
    monkeypatch.setattr(garbage, "EVERY_MS", 5)
    with collecting_in_this_thread():
        assert not gc.isenabled()
        assert gc.get_freeze_count() > 10_000
        Knot()
        qtbot.waitUntil(lambda: Knot.gone == 1)
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0
