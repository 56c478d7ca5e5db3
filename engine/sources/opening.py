"""One door to all sources: the configuration says which."""

from __future__ import annotations

from engine.sources.base import (
    AlreadySeen,
    CameraConfig,
    FolderConfig,
    NamePart,
    ReplayConfig,
    SimulatorConfig,
    Source,
    SourceConfig,
    StreamConfig,
    VideoConfig,
)
from engine.sources.camera.source import CameraSource
from engine.sources.folder import FolderSource
from engine.sources.orders import Orders
from engine.sources.replay import ReplaySource
from engine.sources.simulator import SimulatorSource


def open_source(
    config: SourceConfig, already_seen: AlreadySeen, *, name_part: NamePart, orders: Orders
) -> Source:
    """Open the source that `config` describes.

    Parameters
    ----------
    config
        What a person chose.
    already_seen
        Asks the record, once for each file, whether it was taken before; for sources of files
        that must never be inspected twice.
    name_part
        Asks the record for the name of a camera's part.
    orders
        What people and triggers ask of a camera.

    Raises
    ------
    SourceError
        A replay's folder is missing or empty, a video file is missing. (A watched folder, a camera
        or a stream may be missing: `grab` says so, and goes on when it is back.)
    """
    match config:
        case FolderConfig():
            return FolderSource(config, already_seen)
        case ReplayConfig():
            return ReplaySource(config)
        case CameraConfig() | StreamConfig() | VideoConfig():
            return CameraSource(config, name_part=name_part, orders=orders)
        case SimulatorConfig():
            return SimulatorSource(config)
