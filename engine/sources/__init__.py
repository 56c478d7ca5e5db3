"""Where frames come from: a watched folder, a replayed folder, the simulator."""

from engine.sources.opening import open_source

__all__ = ["open_source"]
