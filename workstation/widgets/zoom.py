"""Where a picture lies in its view: fitted at first, then zoomed and moved by the person."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF

LARGEST_ZOOM = 16.0


@dataclass(slots=True)
class Zoom:
    """Zoom 1 shows the whole picture; the centre is a point of the picture, 0 to 1."""

    factor: float = 1.0
    centre_x: float = 0.5
    centre_y: float = 0.5

    def placed(self, view: QRectF, *, aspect: float, free_right: float = 0.0) -> QRectF:
        """Give the rectangle the whole picture fills, in view coordinates.

        Parameters
        ----------
        view
            The view's own rectangle.
        aspect
            Width over height of the picture.
        free_right
            Width at the right that stays free where the picture does not need it.
        """
        width = min(view.width(), view.height() * aspect)
        height = width / aspect
        if self.factor <= 1.0:
            spare = view.width() - width
            left = (spare - min(free_right, spare)) / 2
            return QRectF(view.left() + left, view.center().y() - height / 2, width, height)
        width, height = width * self.factor, height * self.factor
        middle = view.center()
        left = middle.x() - self.centre_x * width
        top = middle.y() - self.centre_y * height
        return QRectF(left, top, width, height)

    def scaled(self, by: float, *, about: QPointF, picture: QRectF, view: QRectF) -> Zoom:
        """Zoom so that the point of the picture under `about` stays there."""
        factor = min(max(self.factor * by, 1.0), LARGEST_ZOOM)
        if factor == 1.0:
            return Zoom()
        ratio = factor / self.factor
        x = (about.x() - picture.left()) / picture.width()
        y = (about.y() - picture.top()) / picture.height()
        middle, wide, high = view.center(), picture.width() * ratio, picture.height() * ratio
        return Zoom(
            factor,
            x - (about.x() - middle.x()) / wide,
            y - (about.y() - middle.y()) / high,
        )._kept_inside()

    def moved(self, by: QPointF, *, picture: QRectF) -> Zoom:
        """Move the picture by a distance in view coordinates."""
        return Zoom(
            self.factor,
            self.centre_x - by.x() / picture.width(),
            self.centre_y - by.y() / picture.height(),
        )._kept_inside()

    def _kept_inside(self) -> Zoom:
        return Zoom(
            self.factor, min(max(self.centre_x, 0.0), 1.0), min(max(self.centre_y, 0.0), 1.0)
        )
