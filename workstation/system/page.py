"""The System page: where pictures come from, seen live, and how the station does."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from workstation.widgets.style import Sizes


class SystemPage(QWidget):
    """Stands beside the operator's page."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("page")

    def set_sizes(self, sizes: Sizes) -> None:
        """Follow the window's size; called by the window."""
