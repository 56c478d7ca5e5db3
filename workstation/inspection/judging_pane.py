"""The last NG or REVIEW part, held with its picture while the line runs on, and its three keys."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from workstation.inspection.controller import InspectController
from workstation.inspection.keyboard import Action, shown_key
from workstation.inspection.line import Line
from workstation.inspection.seen_part import SeenPart
from workstation.records.words import FeedbackVerdict
from workstation.widgets.big_key import BigKey
from workstation.widgets.fitted_label import FittedLabel
from workstation.widgets.image_view import ImageView
from workstation.widgets.marks import Sign, paint_badge
from workstation.widgets.overlay import OverlaySettings
from workstation.widgets.score_axis import number_words
from workstation.widgets.style import Palette, Sizes
from workstation.widgets.verdict_banner import DEMO_WORDS

JUDGEMENTS = (
    (Action.REALLY_OK, FeedbackVerdict.OK),
    (Action.REALLY_NG, FeedbackVerdict.NG),
    (Action.UNSURE, FeedbackVerdict.UNSURE),
)
WORDS = {verdict: action.value for action, verdict in JUDGEMENTS}


class _Badge(QWidget):
    """A small mark."""

    def __init__(self, palette: Palette) -> None:
        super().__init__()
        self._palette = palette
        self.sign = Sign.NONE

    def paintEvent(self, event: QPaintEvent) -> None:
        if self.sign is not Sign.NONE:
            with QPainter(self) as painter:
                paint_badge(painter, QRectF(self.rect()), self.sign, self._palette)


def _facts_of(part: SeenPart) -> str:
    clock = part.taken_at.astimezone().strftime("%H:%M:%S")
    score = "" if part.score is None else f"  score {number_words(part.score)}"
    return f"{part.outcome.value}{score}  at {clock}"


class JudgingPane(QFrame):
    """Its keys judge the part whose id stands beside them, never whatever is live.

    Signals
    -------
    look_asked
        The held part should be shown in the large picture (its inspection id).
    """

    look_asked = Signal(int)

    def __init__(
        self, controller: InspectController, palette: Palette, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setProperty("panel", "true")
        self._controller = controller
        self._held: SeenPart | None = None
        self._badge = _Badge(palette)
        self._id = FittedLabel(palette)
        self._waiting = QLabel()
        self._waiting.setProperty("tone", "act")
        self.view = ImageView(palette, plain=True)
        self.view.setToolTip("Click to look at this part in the large picture")
        self.view.pressed.connect(self._ask_to_look)
        self._word = QLabel()
        self._word.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.keys: dict[FeedbackVerdict, BigKey] = {}
        self._key_row = QHBoxLayout()
        slots = (self._judge_ok, self._judge_ng, self._judge_unsure)
        for (action, verdict), slot in zip(JUDGEMENTS, slots, strict=True):
            key = BigKey(action.value, shortcut=shown_key(action), palette=palette)
            key.clicked.connect(slot)
            self.keys[verdict] = key
            self._key_row.addWidget(key)
        self._undo = BigKey("undo", shortcut=shown_key(Action.UNDO), palette=palette)
        self._undo.clicked.connect(controller.judgements.undo)
        self._top = QHBoxLayout()
        self._top.addWidget(self._badge)
        self._top.addWidget(self._id, 1)
        self._top.addWidget(self._waiting)
        self._below = QHBoxLayout()
        self._below.addWidget(self._word, 1)
        self._below.addWidget(self._undo)
        self._column = QVBoxLayout(self)
        self._column.addLayout(self._top)
        self._column.addWidget(self.view, 1)
        self._column.addLayout(self._below)
        self._column.addLayout(self._key_row)

    @property
    def id_words(self) -> str:
        """What stands beside the keys."""
        return self._id.text()

    @property
    def waiting_words(self) -> str:
        """The blue count."""
        return self._waiting.text()

    def set_sizes(self, sizes: Sizes) -> None:
        """Follow the window's size."""
        pad = sizes.px(5)
        self._column.setContentsMargins(pad, pad, pad, pad)
        self._column.setSpacing(sizes.px(4))
        self._key_row.setSpacing(sizes.gap_px)
        self._badge.setFixedSize(sizes.px(20), sizes.px(20))
        self._id.set_sizes(sizes, height_at_720=20)
        self.view.set_sizes(sizes)
        for key in self.keys.values():
            key.set_sizes(sizes)
        self._undo.set_sizes(sizes, height_px=sizes.px(26))
        self._undo.setFixedWidth(sizes.px(86))
        self._word.setFixedHeight(sizes.px(26))

    def show_line(self, line: Line, settings: OverlaySettings) -> None:
        """Take over the held part and what can be undone."""
        desk = line.judging
        held = desk.held
        self.view.set_overlay(settings)
        self.view.set_bands(*([DEMO_WORDS] if line.simulated else []))
        if held is not self._held or held is None:
            self._held = held
            self._show_part(held, line)
        self._badge.sign = Sign.NONE if held is None else held.sign
        self._badge.update()
        self._id.setText("" if held is None else held.name)
        others = max(line.unjudged - (held is not None), 0)
        self._waiting.setText(f"{others} more" if others else "")
        for key in self.keys.values():
            key.setEnabled(held is not None)
        last = desk.undoable
        self._undo.setVisible(last is not None)
        if last is not None:
            left = desk.undo_seconds_left
            self._word.setText(f"{last.part.part_id}: {WORDS[last.verdict]}, {left:.0f} s")
        else:
            self._word.setText("" if held is None else _facts_of(held))

    def _show_part(self, held: SeenPart | None, line: Line) -> None:
        roi = None if line.release is None else line.release.roi
        shown = None if held is None else held.shown(roi)
        if shown is not None:
            self.view.show_part(shown)
        elif held is not None:
            self.view.show_words("No picture kept", "The part stands in the record by its id.")
        else:
            self.view.show_words("Nothing to judge", "The next NG or REVIEW part is held here.")

    def _ask_to_look(self) -> None:
        if self._held is not None:
            self.look_asked.emit(self._held.inspection_id)

    def _judge_ok(self) -> None:
        self._controller.judgements.judge(FeedbackVerdict.OK)

    def _judge_ng(self) -> None:
        self._controller.judgements.judge(FeedbackVerdict.NG)

    def _judge_unsure(self) -> None:
        self._controller.judgements.judge(FeedbackVerdict.UNSURE)
