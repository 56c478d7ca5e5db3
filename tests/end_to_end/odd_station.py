"""`loupe` as a process of its own whose engine is slow or broken, as the first argument says.

held
    Each inspection says "in hand" on the error stream and waits for a line on the standard input.
broken
    The engine's thread fails, as no one expected, after the second part was written down.
talking
    Qt says in the engine's thread that something failed, after the second part.
"""

from __future__ import annotations

import sys

from PySide6.QtCore import qCritical

from engine.inspector import Inspector
from engine.types import Frame, Inspection
from engine.worker import EngineWorker
from workstation.__main__ import main

inspect, announce = Inspector.inspect, EngineWorker._announce
announced: list[int] = []


def held(self: Inspector, frame: Frame) -> Inspection:
    sys.stderr.write("in hand\n")
    sys.stdin.readline()
    return inspect(self, frame)


def broken(self: EngineWorker, number: int, inspection: Inspection) -> None:
    announced.append(number)
    if len(announced) == 2:
        raise RuntimeError("a wire came loose")
    announce(self, number, inspection)


def talking(self: EngineWorker, number: int, inspection: Inspection) -> None:
    announced.append(number)
    announce(self, number, inspection)
    if len(announced) == 2:
        qCritical("a wire came loose")


if __name__ == "__main__":
    match sys.argv.pop(1):
        case "held":
            Inspector.inspect = held  # type: ignore[method-assign]
        case "broken":
            EngineWorker._announce = broken  # type: ignore[method-assign]
        case "talking":
            EngineWorker._announce = talking  # type: ignore[method-assign]
    try:
        main()
    finally:
        windows = [f"PySide6.{name}" for name in ("QtGui", "QtWidgets")]
        imported = [name for name in windows if name in sys.modules]
        sys.stderr.write(f"imported for windows: {imported}\n")
