"""`loupe watch`: the station without a window."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from engine.sources.base import (
    CameraConfig,
    EveryFrame,
    FolderConfig,
    OnDemand,
    PartIsStill,
    SimulatorConfig,
    SourceConfig,
    StreamConfig,
    TriggerPolicy,
    VideoConfig,
)
from workstation.cli.options import DataDir, Device, complaining, typed
from workstation.headless import json_fields

EPILOG = "\b\n" + (json_fields.__doc__ or "").replace("\n\n", "\n\n\b\n")
"""After ``\\b`` a paragraph keeps its lines."""


class Trigger(StrEnum):
    """When a camera's frame is inspected."""

    EVERY = "every"
    STILL = "still"
    LINE = "line"

    def policy(self) -> TriggerPolicy:
        """Give the policy of the source."""
        match self:
            case Trigger.EVERY:
                return EveryFrame()
            case Trigger.STILL:
                return PartIsStill()
            case Trigger.LINE:
                return OnDemand()


class SimulatedPart(StrEnum):
    """What the simulator makes."""

    RING = "ring"
    BOARD = "board"
    TEXTILE = "textile"


SOURCES = ("folder", "camera", "stream", "video", "simulate")
BELONGS_TO = {
    "poll_s": ("folder",),
    "part_pattern": ("folder",),
    "trigger": ("camera", "stream", "video"),
    "repeat": ("video",),
    "interval_s": ("simulate",),
    "defect_rate": ("simulate",),
    "strength": ("simulate",),
    "seed": ("simulate",),
    "until_empty": ("folder", "video"),
}
"""Options that say something of some sources only."""


def watch_command(
    context: typer.Context,
    *,
    release: Annotated[
        str | None,
        typer.Option(help="A release folder or id; else the station's. Remembered."),
    ] = None,
    folder: Annotated[Path | None, typer.Option(help="Watch this folder for pictures.")] = None,
    camera: Annotated[
        str | None,
        typer.Option(help="Watch this camera: its stable name, or 0 for the first."),
    ] = None,
    stream: Annotated[
        str | None, typer.Option(help="Watch this rtsp:// or http:// address.")
    ] = None,
    video: Annotated[Path | None, typer.Option(help="Watch this video at its own speed.")] = None,
    simulate: Annotated[
        SimulatedPart | None, typer.Option(help="Watch the simulator make such parts.")
    ] = None,
    trigger: Annotated[
        Trigger | None,
        typer.Option(
            help="Inspect every frame, each part that lies still, or one per line typed on the "
            "standard input, which may be the part's code. Else as the camera was set up."
        ),
    ] = None,
    repeat: Annotated[bool, typer.Option("--repeat", help="Begin the video again.")] = False,
    poll_s: Annotated[
        float, typer.Option(help="Seconds between two full looks at the folder.")
    ] = 2.0,
    part_pattern: Annotated[
        str | None,
        typer.Option(help="First group in the file's name is the part id; else as in the fit."),
    ] = None,
    interval_s: Annotated[float, typer.Option(help="Seconds per simulated part.")] = 1.0,
    defect_rate: Annotated[float, typer.Option(help="Share of simulated parts with one.")] = 0.12,
    strength: Annotated[float, typer.Option(help="Of the simulated defects; 2 is plain.")] = 2.0,
    seed: Annotated[int, typer.Option(help="Of the simulated parts.")] = 0,
    parts: Annotated[int | None, typer.Option(min=1, help="End after so many parts.")] = None,
    until_empty: Annotated[
        bool, typer.Option("--until-empty", help="End when the folder holds nothing new.")
    ] = False,
    device: Device = "auto",
    data_dir: DataDir = None,
    as_json: Annotated[
        bool,
        typer.Option("--json", help="One JSON object per line; its fields are listed at the end."),
    ] = False,
) -> None:
    """Inspect as the station does, without a window, until a signal or an end that was asked for.

    Source and release are remembered for the next start, and written down in the record, as in the
    window; without a source, the station's own is watched. A terminal shows a table, a file or a
    program gets a line per part.

    SIGINT (Ctrl-C), SIGTERM and SIGHUP end in order: the part in hand is inspected and recorded.
    Exit codes: 0 ended as asked, and by a signal where no end was asked for; 1 could not go on, or
    ended before the end that was asked for; 2 not understood; 3 as 0, but some parts were faults.
    """
    named = [name for name in SOURCES if context.params[name] is not None]
    if len(named) > 1:
        raise typer.BadParameter(f"Name one source, not both --{named[0]} and --{named[1]}.")
    _refuse_strangers(context, named)
    with complaining():
        source: SourceConfig | None = None
        triggered = {} if trigger is None else {"trigger": trigger.policy()}
        if folder is not None:
            path = folder.expanduser().absolute()
            source = FolderConfig(path=path, poll_s=poll_s, part_pattern=part_pattern)
        elif camera is not None:
            source = CameraConfig(device=camera, **triggered)
        elif stream is not None:
            source = StreamConfig(url=stream, **triggered)
        elif video is not None:
            path = video.expanduser().absolute()
            source = VideoConfig(path=path, repeat=repeat, **triggered)
        elif simulate is not None:
            source = SimulatorConfig(
                part=simulate.value,
                seed=seed,
                interval_s=interval_s,
                defect_rate=defect_rate,
                strength=strength,
            )
        from workstation.headless.watch import watch
        from workstation.wishes import Wishes

        wishes = Wishes(
            parts=parts,
            until_empty=until_empty,
            source=source,
            release=release,
            device=device,
            data_dir=data_dir,
        )
        raise typer.Exit(watch(wishes, as_json=as_json))


def _refuse_strangers(context: typer.Context, named: list[str]) -> None:
    """Refuse an option that would have no effect on the source that was named.

    Raises
    ------
    typer.BadParameter
        There is one.
    """
    for option, sources in BELONGS_TO.items():
        of_the_station = option == "until_empty" and not named
        if typed(context, option) and not set(sources) & set(named) and not of_the_station:
            spelled = option.replace("_", "-")
            places = " or ".join(f"--{source}" for source in sources)
            raise typer.BadParameter(f"--{spelled} has an effect with {places} only.")
