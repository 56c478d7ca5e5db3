"""Messages wait to be seen; questions keep their keys to themselves."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from workstation.widgets.ask_bar import AskBar
from workstation.widgets.message_bar import MessageBar
from workstation.widgets.messages import MOST_WAITING, Message, MessageQueue
from workstation.widgets.style import load_palette


def test_the_same_sentence_is_counted_not_stacked() -> None:
    queue = MessageQueue()
    for _ in range(500):
        queue.add(Message("The disk is full.", bad=True))
    assert len(queue) == 1
    assert queue.newest == Message("The disk is full.", bad=True, times=500)


def test_the_queue_is_bounded_and_says_what_it_dropped() -> None:
    queue = MessageQueue()
    for number in range(MOST_WAITING + 7):
        queue.add(Message(f"Part {number}"))
    assert (len(queue), queue.dropped) == (MOST_WAITING, 7)
    assert queue.newest == Message(f"Part {MOST_WAITING + 6}")


def test_a_message_waits_until_it_is_seen(qtbot: QtBot) -> None:
    over = QWidget()
    qtbot.addWidget(over)
    over.resize(600, 300)
    bar, queue = MessageBar(load_palette(), over), MessageQueue()
    over.show()
    queue.add(Message("The share cannot be reached.", bad=True))
    bar.show_queue(queue)
    assert bar.isVisible()
    queue.seen()
    bar.show_queue(queue)
    assert not bar.isVisible()


def test_a_bar_keeps_every_key_to_itself(qtbot: QtBot) -> None:
    heard: list[int] = []

    class Listening(QWidget):
        def keyPressEvent(self, event: object) -> None:
            heard.append(1)

    over = Listening()
    qtbot.addWidget(over)
    over.show()
    bar = AskBar(load_palette(), keep_words="keep", needs_text=True, parent=over)
    bar.ask(hint="why")
    qtbot.keyClick(bar.line, Qt.Key.Key_Return)  # empty: nothing is kept
    with qtbot.waitSignal(bar.kept) as kept:
        qtbot.keyClicks(bar.line, " 123 z ")
        qtbot.keyClick(bar.line, Qt.Key.Key_Return)
    with qtbot.waitSignal(bar.undone):
        qtbot.keyClick(bar.line, Qt.Key.Key_Escape)
    assert kept.args == ["123 z"]
    assert heard == []
