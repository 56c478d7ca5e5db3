"""A scan never presses a key nor types into a field; a person's typing is never lost."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from engine.sources.base import CameraConfig, FolderConfig, OnDemand
from engine.types import Verdict
from tests.workstation.inspection.conftest import Line
from tests.workstation.inspection.typing import Typist
from workstation.inspection.codes import Code, CodeKind, CodePatterns
from workstation.inspection.keyboard import Action
from workstation.inspection.page import InspectPage
from workstation.inspection.scanner import GAP_MS, Scanner
from workstation.records.words import EventKind

CAMERA = CameraConfig(trigger=OnDemand())


class Desk:
    """Two fields and a scanner in front of them."""

    def __init__(self, qtbot: QtBot) -> None:
        self.window = QWidget()
        self.field, self.other = QLineEdit(self.window), QLineEdit(self.window)
        qtbot.addWidget(self.window)
        self.window.show()
        qtbot.waitExposed(self.window)
        self.window.activateWindow()
        self.field.setFocus()
        qtbot.waitUntil(self.field.hasFocus)
        self.entered: list[str] = []
        self.field.returnPressed.connect(lambda: self.entered.append(self.field.text()))
        self.scanner = Scanner()
        self.codes: list[str] = []
        self.scanner.scanned.connect(self.codes.append)
        self.typist = Typist(self.field)


@pytest.fixture
def desk(qtbot: QtBot) -> Iterator[Desk]:
    desk = Desk(qtbot)
    desk.scanner.listen()
    yield desk
    desk.scanner.rest()


@pytest.mark.parametrize("code", ["123", "4711-A", "]C1LOT-7", "Prüfling-ÄÖ", "a b c", "12Z3XS"])
@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Tab], ids=["enter", "tab"])
def test_a_scan_is_swallowed_whole(desk: Desk, code: str, key: Qt.Key) -> None:
    desk.typist.scan(code, key=key)
    assert desk.codes == [code]
    assert (desk.field.text(), desk.entered) == ("", [])
    assert desk.field.hasFocus()


def test_control_characters_around_a_code_are_left_out(desk: Desk) -> None:
    desk.typist.press("\x02", Qt.Key.Key_B, after_ms=100)
    desk.typist.type("4711\x1d55", gap_ms=5)
    desk.typist.enter()
    desk.typist.press("\n", Qt.Key.Key_Enter, after_ms=5)  # some send a second end
    assert (desk.codes, desk.field.text(), desk.entered) == (["471155"], "", [])


def test_two_scans_in_a_row_are_two_codes(desk: Desk) -> None:
    desk.typist.scan("first", gap_ms=30)
    desk.typist.scan("second", gap_ms=1)
    assert desk.codes == ["first", "second"]


def test_a_persons_typing_arrives_in_order_and_soon(desk: Desk, qtbot: QtBot) -> None:
    desk.typist.type("lot 7", gap_ms=90)
    assert desk.field.text() == "lot "  # the last key waits a moment
    qtbot.waitUntil(lambda: desk.field.text() == "lot 7", timeout=500)
    desk.typist.enter(after_ms=90)
    assert (desk.codes, desk.entered) == ([], ["lot 7"])


def test_enter_soon_after_a_rolled_pair_keeps_the_order(desk: Desk) -> None:
    desk.typist.type("wer", gap_ms=GAP_MS + 20)
    desk.typist.press("t", after_ms=20)
    desk.typist.enter(after_ms=20)
    assert (desk.codes, desk.entered) == ([], ["wert"])


def test_keys_that_edit_come_after_what_was_typed_before_them(desk: Desk) -> None:
    desk.typist.press("a", after_ms=100)
    desk.typist.press("b", after_ms=30)
    desk.typist.press("\b", Qt.Key.Key_Backspace, after_ms=30)
    assert desk.field.text() == "a"
    desk.typist.press("", Qt.Key.Key_Left, after_ms=30)
    desk.typist.press("c", after_ms=30)
    desk.typist.press("", Qt.Key.Key_End, after_ms=30)
    assert desk.field.text() == "ca"


def test_a_key_that_is_held_down_is_no_scan(desk: Desk) -> None:
    desk.typist.press("x", after_ms=100)
    for _ in range(20):
        desk.typist.press("x", after_ms=30, repeats=True)
    desk.typist.enter(after_ms=30)
    assert (desk.codes, desk.entered) == ([], ["x" * 21])


def test_a_key_that_moves_the_focus_takes_the_next_with_it(desk: Desk, qtbot: QtBot) -> None:
    desk.field.textChanged.connect(lambda _: desk.other.setFocus())
    desk.typist.press("a", after_ms=100)
    desk.typist.press("b", after_ms=30)
    qtbot.waitUntil(lambda: desk.other.text() == "b", timeout=500)
    assert desk.field.text() == "a"


def test_a_scanner_without_an_end_is_a_scanner_all_the_same(desk: Desk, qtbot: QtBot) -> None:
    desk.typist.type("4711-0815", gap_ms=5)
    qtbot.waitUntil(lambda: desk.codes == ["4711-0815"], timeout=500)
    assert desk.field.text() == ""


def test_a_busy_window_takes_nobody_for_a_scanner(desk: Desk) -> None:
    """What a person typed while the window was busy comes at once, with its own times."""
    desk.typist.type("slowly", gap_ms=120)
    desk.typist.enter(after_ms=120)
    assert (desk.codes, desk.entered) == ([], ["slowly"])


def test_keys_through_the_window_system_are_told_apart_too(desk: Desk, qtbot: QtBot) -> None:
    handle = desk.window.windowHandle()
    for key in (Qt.Key.Key_1, Qt.Key.Key_2, Qt.Key.Key_3, Qt.Key.Key_Return):
        QTest.keyClick(handle, key)
    assert (desk.codes, desk.field.text()) == (["123"], "")
    QTest.keyClick(handle, Qt.Key.Key_4)
    qtbot.waitUntil(lambda: desk.field.text() == "4", timeout=500)


@pytest.mark.parametrize(
    ("scanned", "lot_asked", "code"),
    [
        ("4711", False, Code(CodeKind.PART, "4711")),
        ("LOT-77", False, Code(CodeKind.LOT, "77")),
        ("badge:0042", False, Code(CodeKind.BADGE, "0042")),
        ("L77", True, Code(CodeKind.LOT, "L77")),
        ("badge:0042", True, Code(CodeKind.BADGE, "0042")),
    ],
)
def test_codes_are_told_apart(scanned: str, lot_asked: bool, code: Code) -> None:
    assert CodePatterns().read(scanned, lot_asked=lot_asked) == code


def test_a_station_with_patterns_knows_what_it_does_not_know() -> None:
    patterns = CodePatterns(lot=r"L\d+", part=r"\]C1(\d{4})")
    assert patterns.read("]C14711") == Code(CodeKind.PART, "4711")
    assert patterns.read("]C14711", lot_asked=True) == Code(CodeKind.PART, "4711")
    assert patterns.read("L5") == Code(CodeKind.LOT, "L5")
    assert patterns.read("C14711") is None


def test_a_part_code_names_the_next_part(line: Line, page: InspectPage) -> None:
    line.controller.next_part.source_chosen(CAMERA)
    line.run()
    line.part(Verdict.NG, 1)
    line.look()
    Typist(page).scan("12Z3XS")
    page.refresh()
    assert line.worker.asked == [("scan", "12Z3XS")]
    assert line.record.feedback == {}
    assert page.top.code_words == "next part: 12Z3XS"
    line.part(Verdict.OK, 2)
    assert line.shown.code == "12Z3XS"  # an earlier part
    line.named_part(Verdict.OK, 3, "12Z3XS")
    page.refresh()
    assert page.top.code_words == ""


def test_a_source_that_names_its_parts_needs_no_code(line: Line, page: InspectPage) -> None:
    line.controller.next_part.source_chosen(FolderConfig(path="."))
    line.run()
    Typist(page).scan("4711-A")
    assert line.worker.asked == []
    assert "4711-A" in line.shown.notice


def test_a_lot_code_changes_the_lot_whatever_has_the_focus(line: Line, page: InspectPage) -> None:
    line.run()
    for action in (Action.UNLOCK, Action.LIMIT_UP, Action.KEEP):
        page.act(action)
    assert page.bars.reason.line.hasFocus()
    Typist(page).scan("LOT-12SX3")
    assert line.record.lot == "12SX3"
    assert page.bars.reason.line.text() == ""
    assert line.worker.asked == []


def test_whatever_is_scanned_for_a_lot_is_one(line: Line, page: InspectPage) -> None:
    line.run()
    page.act(Action.LOT)
    Typist(page).scan("12SX3")
    assert line.record.lot == "12SX3"
    assert not page.bars.lot.isVisible()


def test_a_badge_is_noted(line: Line, page: InspectPage) -> None:
    line.run()
    Typist(page).scan("badge:0042")
    assert line.record.events == [(EventKind.BADGE_SCANNED, {"badge": "0042"})]
    assert "0042" in line.shown.notice


def test_an_unknown_code_is_told_and_does_nothing(line: Line, page: InspectPage) -> None:
    line.controller.scans.patterns = CodePatterns(part=r"\d+")
    line.run()
    Typist(page).scan("12Z3XS")
    assert line.worker.asked == []
    assert "'12Z3XS'" in line.shown.messages.newest.words
