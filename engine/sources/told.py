"""What of a source's settings may be shown, logged and recorded: all but passwords."""

from __future__ import annotations

from typing import Any

from engine.sources.base import SourceConfig, StreamConfig
from engine.sources.camera.address import shown_address

HIDDEN = "•••"
"""Stands for what an address holds and nobody may read."""


def hidden_address(url: str) -> str:
    """Give an address without name, password and query; where it has any, ``•••@`` says so."""
    shown = shown_address(url)
    return shown if shown == url else shown.replace("://", f"://{HIDDEN}@", 1)


def told_config(config: SourceConfig) -> dict[str, Any]:
    """Give the settings of a source as JSON values, for the record and for people."""
    values = config.model_dump(mode="json")
    if isinstance(config, StreamConfig):
        values["url"] = hidden_address(config.url)
    return values
