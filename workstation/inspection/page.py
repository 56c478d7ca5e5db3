"""The operator's page: what the line does at one look, and three keys that judge its verdicts."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import Qt, QTimer, Slot
from PySide6.QtGui import QHideEvent, QKeyEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from workstation.inspection.banner import banner_of
from workstation.inspection.bars import Bars
from workstation.inspection.bottom_row import BottomRow
from workstation.inspection.controller import InspectController
from workstation.inspection.counters_panel import CountersPanel
from workstation.inspection.fit_panel import FitPanel
from workstation.inspection.judging_pane import JUDGEMENTS, JudgingPane
from workstation.inspection.keyboard import Action, Keyboard
from workstation.inspection.keys_sheet import KeysSheet
from workstation.inspection.large_picture import show_large_picture
from workstation.inspection.limit_panel import LimitPanel
from workstation.inspection.own_pictures_panel import OwnPicturesPanel
from workstation.inspection.top_line import TopLine
from workstation.inspection.view_tools import ViewChoice, ViewTools
from workstation.widgets.image_view import ImageView
from workstation.widgets.overlay import OverlaySettings
from workstation.widgets.style import Palette, Sizes
from workstation.widgets.verdict_banner import VerdictBanner

REPAINT_MS = 33
ZOOM_STEP = 1.25


class InspectPage(QWidget):
    """Shows an `InspectController`'s line; repaints at most every 33 ms, and only what is new."""

    def __init__(
        self,
        controller: InspectController,
        palette: Palette,
        *,
        overlay: OverlaySettings | None = None,
        clock: Callable[[], float] = time.monotonic,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("page")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._controller = controller
        self._clock = clock
        self._painted: tuple[int, int] = (-1, -1)
        self.repaints = 0
        """How often the page was brought up to date."""
        self.choice = ViewChoice(overlay or OverlaySettings(), self)
        """What is laid over pictures; its `changed` says what to remember for the next start."""
        self.keyboard = Keyboard(self)
        self.view = ImageView(palette)
        self.banner = VerdictBanner(palette)
        self.top = TopLine(palette)
        self.limit_panel = LimitPanel(controller, palette)
        self.counters = CountersPanel()
        self.pane = JudgingPane(controller, palette)
        self.bottom = BottomRow(controller, palette)
        self.tools = ViewTools(palette, self.view)
        self.fit_panel = FitPanel(palette, self.view)
        self.sheet = KeysSheet(self.view)
        self.own_pictures = OwnPicturesPanel(palette, self.view)
        self.bars = Bars(controller, palette, self.view)
        self._lay_out()
        self._connect()
        self._timer = QTimer(self)
        self._timer.setInterval(REPAINT_MS)
        self._timer.timeout.connect(self.refresh)

    def set_sizes(self, sizes: Sizes) -> None:
        """Follow the window's size; called by the window."""
        gap = sizes.px(3)
        self._rows.setSpacing(gap)
        self._rows.setContentsMargins(0, 0, gap, gap)
        self._right.setSpacing(gap)
        self._right.setContentsMargins(0, gap, 0, 0)
        self._side.setFixedWidth(sizes.px(256))
        for part in (self.banner, self.top, self.limit_panel, self.counters, self.pane):
            part.set_sizes(sizes)
        self.bottom.set_sizes(sizes)
        self.tools.set_sizes(sizes)
        self.view.set_sizes(sizes, free_right=self.tools.room_px)
        for over in (self.fit_panel, self.sheet, self.own_pictures, self.bars):
            over.set_sizes(sizes)
        self._place_overlays()

    @property
    def sound_words(self) -> str:
        """What stands on the key for sounds."""
        return self.tools.words(Action.SOUND)

    @Slot()
    @Slot(float)
    def refresh(self, _moved_to: float = 0.0) -> None:
        """Bring the page up to date; does nothing when nothing is new."""
        line = self._controller.line
        line.tick()
        # Countdowns and the pace move once a second without any news.
        state = (line.revision, int(self._clock() * 2))
        if state == self._painted:
            return
        self._painted = state
        self.repaints += 1
        settings = self.choice.settings
        self.banner.show_state(banner_of(line))
        self.top.show_line(line)
        self.counters.show_line(line)
        self.limit_panel.show_line(line)
        self.pane.show_line(line, settings)
        self.fit_panel.show_line(line)
        self.bars.show_line(line)
        show_large_picture(self.view, line, settings)
        self.tools.show_choice(settings, freeze=line.freeze_on_ng)
        self.tools.show_sound(line)
        self.tools.show_only_sound(self.view.part is None)
        self.bottom.show_line(line)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Hear the keys of the keyboard."""
        if not self.keyboard.take(event):
            super().keyPressEvent(event)

    def showEvent(self, event: QShowEvent) -> None:
        """Begin to repaint."""
        super().showEvent(event)
        self._timer.start()
        self.setFocus(Qt.FocusReason.OtherFocusReason)
        self.refresh()

    def hideEvent(self, event: QHideEvent) -> None:
        """Stop repainting: nobody looks."""
        super().hideEvent(event)
        self._timer.stop()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the bars over the picture."""
        super().resizeEvent(event)
        self._place_overlays()

    @Slot(object)
    def act(self, action: Action) -> None:
        """Do what a key of the keyboard or of the screen asks."""
        controller, line = self._controller, self._controller.line
        if self.choice.apply(action):
            line.changed()
        elif action in dict(JUDGEMENTS):
            controller.judgements.judge(dict(JUDGEMENTS)[action])
        else:
            self._deeds[action]()
        self.refresh()

    def _connect(self) -> None:
        controller = self._controller
        self._deeds: dict[Action, Callable[[], object]] = {
            Action.UNDO: controller.judgements.undo,
            Action.START: controller.start,
            Action.STOP: controller.stop,
            Action.TRIGGER: controller.next_part.trigger,
            Action.AGAIN: controller.next_part.again,
            Action.SOUND: controller.sounds.switch,
            Action.FREEZE: controller.toggle_freeze,
            Action.OLDER: lambda: controller.line.look_along(1),
            Action.NEWER: lambda: controller.line.look_along(-1),
            Action.JUDGE_SHOWN: controller.judgements.choose_shown,
            Action.ZOOM_IN: lambda: self.view.zoom_by(ZOOM_STEP),
            Action.ZOOM_OUT: lambda: self.view.zoom_by(1 / ZOOM_STEP),
            Action.WHOLE: self.view.fit,
            Action.UNLOCK: controller.limit.unlock,
            Action.LIMIT_UP: lambda: controller.limit.step(1),
            Action.LIMIT_DOWN: lambda: controller.limit.step(-1),
            Action.KEEP: self.bars.focus_reason,
            Action.BACK: self._go_back,
            Action.LOT: self.bars.ask_lot,
            Action.SEEN: controller.acknowledge,
            Action.OWN_PICTURES: self._open_own_pictures,
            Action.HELP: self.toggle_sheet,
        }
        self.keyboard.acted.connect(self.act)
        self.tools.pressed.connect(self.act)
        self.top.lot_pressed.connect(self.bars.ask_lot)
        self.top.own_pictures_pressed.connect(self._open_own_pictures)
        self.pane.look_asked.connect(controller.line.look_at)
        self.fit_panel.cancel.clicked.connect(controller.cancel_fit)
        self.own_pictures.asked.connect(self._use_own_pictures)
        self.own_pictures.left.connect(self._close_own_pictures)
        self.limit_panel.slider.value_asked.connect(self.refresh)
        self.limit_panel.slider.released.connect(self.bars.focus_reason)
        self.bars.left.connect(self._take_keyboard)

    def _lay_out(self) -> None:
        self._side = QWidget()
        self._right = QVBoxLayout(self._side)
        self._right.addWidget(self.banner)
        self._right.addWidget(self.limit_panel)
        self._right.addWidget(self.counters)
        self._right.addWidget(self.pane, 1)
        self._rows = QGridLayout(self)
        self._rows.addWidget(self.top, 0, 0)
        self._rows.addWidget(self.view, 1, 0)
        self._rows.addWidget(self.bottom, 2, 0)
        self._rows.addWidget(self._side, 0, 1, 3, 1)
        self._rows.setRowStretch(1, 1)
        self._rows.setColumnStretch(0, 1)

    def _place_overlays(self) -> None:
        # The layout must have run, or the overlays would be placed over yesterday's picture.
        self._rows.activate()
        for over in (self.tools, self.fit_panel, self.sheet, self.own_pictures, self.bars):
            over.place()

    def _go_back(self) -> None:
        line = self._controller.line
        if not self.sheet.isHidden():
            self.sheet.hide()
        elif not self.own_pictures.isHidden():
            self._close_own_pictures()
        elif line.limit.trial is not None:
            self._controller.limit.undo()
        else:
            line.look_live()
            self.view.fit()

    @Slot()
    def toggle_sheet(self) -> None:
        """Show or hide the sheet of keys."""
        self.sheet.setVisible(self.sheet.isHidden())
        self.sheet.raise_()
        self.sheet.place()

    @Slot()
    def _open_own_pictures(self) -> None:
        self.own_pictures.open()

    @Slot()
    def _close_own_pictures(self) -> None:
        self.own_pictures.hide()
        self._take_keyboard()

    @Slot(object, object)
    def _use_own_pictures(self, good: object, watch: object) -> None:
        if self._controller.use_own_pictures(good, watch):  # type: ignore[arg-type]
            self._close_own_pictures()

    @Slot()
    def _take_keyboard(self) -> None:
        self.setFocus(Qt.FocusReason.OtherFocusReason)
