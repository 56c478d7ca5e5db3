"""What the picture view paints, pixel by pixel where it matters."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage
from pytestqt.qtbot import QtBot

from engine.recipe import Roi
from tests.fakes import an_image
from workstation.widgets.heatmap import HeatColours
from workstation.widgets.image_view import ImageView
from workstation.widgets.overlay import OverlaySettings, ShownPart
from workstation.widgets.qimages import heat_image, picture_image, scaled, shrunk
from workstation.widgets.style import load_palette
from workstation.widgets.zoom import Zoom


def a_view(qtbot: QtBot, width: int = 200, height: int = 100) -> ImageView:
    view = ImageView(load_palette())
    qtbot.addWidget(view)
    view.resize(width, height)
    view.show()
    return view


def a_part(*, level: float = 4.0, roi: Roi | None = None) -> ShownPart:
    shown = np.full((8, 8), level, np.float32)
    return ShownPart(an_image(width=200, height=100, grey=100), 200, 100, shown, 2.0, roi)


def colour(view: ImageView, x: int, y: int) -> tuple[int, int, int]:
    pixel = QColor(view.grab().toImage().pixel(QPoint(x, y)))
    return pixel.red(), pixel.green(), pixel.blue()


def test_without_a_map_the_picture_is_itself(qtbot: QtBot) -> None:
    view = a_view(qtbot)
    view.show_part(ShownPart(an_image(width=200, height=100, grey=100), 200, 100, None, 2.0, None))
    assert colour(view, 100, 50) == (100, 100, 100)


def test_a_band_is_written_over_the_bottom_of_the_picture(qtbot: QtBot) -> None:
    view = a_view(qtbot, 400, 200)
    view.show_part(a_part(level=0.0))
    before = view.grab().toImage()
    view.set_bands("NO MAP")
    after = view.grab().toImage()
    ground = QColor(load_palette().picture_ground).getRgb()[:3]
    found = [y for y in range(200) if QColor(after.pixel(200, y)).getRgb()[:3] == ground]
    assert found and min(found) > 150, "a line high, at the bottom"
    assert all(before.pixel(200, y) == after.pixel(200, y) for y in range(150))


def test_a_mistake_while_painting_leaves_no_painter_open(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An exception is kept with its frames; a painter among them would crash the next paint."""
    view = a_view(qtbot)

    def mistaken(*_: object) -> None:
        raise ValueError

    with monkeypatch.context() as patched:
        patched.setattr(view, "_paint_picture", mistaken)
        view.show_part(a_part())
        with pytest.raises(ValueError) as kept:
            view.grab()
    assert any(frame.name == "paintEvent" for frame in kept.traceback)
    assert not view.paintingActive()
    view.set_overlay(OverlaySettings(heat=False, outlines=False))
    assert colour(view, 100, 50) == (100, 100, 100)


def test_heat_lies_over_the_inspected_rectangle_and_the_rest_is_dimmed(qtbot: QtBot) -> None:
    view = a_view(qtbot)
    view.set_overlay(OverlaySettings(opacity=1.0, outlines=False))
    view.show_part(a_part(roi=Roi(x=100, y=0, width=100, height=100)))
    assert colour(view, 150, 30) == (252, 255, 164)  # the top of inferno
    red, green, blue = colour(view, 60, 20)
    assert red == green == blue < 60


def test_heat_can_be_switched_off_and_changed(qtbot: QtBot) -> None:
    view = a_view(qtbot)
    view.show_part(a_part())
    view.set_overlay(OverlaySettings(heat=False, outlines=False))
    assert colour(view, 150, 30) == (100, 100, 100)
    view.set_overlay(OverlaySettings(opacity=1.0, outlines=False, colours=HeatColours.CIVIDIS))
    assert colour(view, 150, 30) == (254, 232, 56)


def test_a_trial_recolours_the_map_in_hand(qtbot: QtBot) -> None:
    view = a_view(qtbot)
    view.set_overlay(OverlaySettings(opacity=1.0, outlines=False))
    view.show_part(a_part(level=4.0))
    view.set_trial(4.0)
    assert colour(view, 150, 30) == (188, 55, 84)  # now at the limit: the middle of inferno
    view.set_trial(None)
    assert colour(view, 150, 30) == (252, 255, 164)


def test_a_click_is_told_and_a_drag_is_not(qtbot: QtBot) -> None:
    view = a_view(qtbot)
    view.show_part(a_part())
    with qtbot.waitSignal(view.pressed):
        qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=QPoint(50, 50))
    with qtbot.assertNotEmitted(view.pressed):
        qtbot.mousePress(view, Qt.MouseButton.LeftButton, pos=QPoint(50, 50))
        qtbot.mouseMove(view, QPoint(90, 50))
        qtbot.mouseRelease(view, Qt.MouseButton.LeftButton, pos=QPoint(90, 50))


def test_zooming_keeps_the_point_under_the_pointer() -> None:
    view, zoom = QRectF(0, 0, 400, 200), Zoom()
    about = QPointF(130, 70)
    before = zoom.placed(view, aspect=2.0)
    share = (about.x() - before.left()) / before.width()
    zoom = zoom.scaled(3.0, about=about, picture=before, view=view)
    after = zoom.placed(view, aspect=2.0)
    assert abs((about.x() - after.left()) / after.width() - share) < 1e-9
    assert zoom.scaled(0.01, about=about, picture=after, view=view) == Zoom()


def test_a_narrow_picture_leaves_room_for_the_tools() -> None:
    placed = Zoom().placed(QRectF(0, 0, 400, 200), aspect=1.0, free_right=90)
    assert placed.right() <= 400 - 90
    assert placed.width() == 200


def test_images_own_their_pixels() -> None:
    pixels = an_image(grey=77).copy()
    image = picture_image(pixels)
    heat = heat_image(np.zeros((4, 4, 4), np.uint8))
    pixels.flags.writeable = True
    pixels[:] = 0
    assert QColor(image.pixel(3, 3)).red() == 77
    assert heat.format() == QImage.Format.Format_ARGB32_Premultiplied


def test_scaling_for_the_eye() -> None:
    image = an_image(width=901, height=603, grey=90)
    assert shrunk(image, longest=100).shape == (67, 100, 3)
    assert shrunk(image, longest=5000) is image
    assert scaled(image, width=40, height=30).shape == (30, 40, 3)
    assert scaled(image, width=1802, height=1206).mean() == 90
