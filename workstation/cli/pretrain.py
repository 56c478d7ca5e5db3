"""`loupe pretrain`: make the weights of a backbone from nothing but drawn pictures."""

from __future__ import annotations

import time
from pathlib import Path
from threading import Event
from typing import Annotated

import typer

from workstation.cli.options import Device, Json, complaining, print_json, run_showing_progress


def pretrain_command(
    *,
    out: Annotated[
        Path,
        typer.Option(help="Folder for weights, model card and checkpoint, new or empty."),
    ],
    steps: Annotated[
        int | None, typer.Option(min=1, help="Steps of the whole pretraining; else 8000.")
    ] = None,
    minutes: Annotated[
        float | None,
        typer.Option(min=0.0, help="End this sitting after so long; --resume goes on."),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, help="The same seed gives the same weights; else 0.")
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the pretraining in the folder.")
    ] = False,
    device: Device = "auto",
    as_json: Json = False,
) -> None:
    """Train Loupe's backbone on invented parts, and validate it on others with other damage.

    A checkpoint is kept every few minutes and when Ctrl-C ends it: --resume goes on from there as
    if it had never stopped. However it ends, weights and model card are of all steps taken so far.
    """
    asked_to_end = Event()
    began = time.monotonic()

    def enough() -> bool:
        is_over = minutes is not None and time.monotonic() - began > 60 * minutes
        return is_over or asked_to_end.is_set()

    with complaining():
        from engine.device import open_device
        from engine.pretraining.plan import Plan
        from engine.pretraining.pretrain import planned, pretrain
        from workstation.interruptions import ending_on_signals

        begun = planned(out) if resume else Plan.usual(open_device(device).type)
        wanted = {"steps": steps, "seed": seed}
        given = {name: value for name, value in wanted.items() if value is not None}
        plan = begun.model_validate(begun.model_dump() | given)
        with ending_on_signals(lambda _signal: asked_to_end.set()):
            card = run_showing_progress(
                pretrain(out, plan, resume=resume, device=device, enough=enough)
            )
    if as_json:
        print_json(card.model_dump(mode="json"))
        return
    typer.echo(f"weights          {card.sha256[:12]} in {out / card.weights}")
    typer.echo(f"steps            {card.steps} of {card.plan.steps}, {card.seconds / 60:.1f} min")
    typer.echo("held-out damage  image AUROC  pixel AUROC  (stride 8 alone)")
    for name, figures in (("these weights", card.figures), ("gabor", card.gabor)):
        typer.echo(
            f"{name:<17}{figures.image_auroc:>11.4f}  {figures.pixel_auroc:>11.4f}"
            f"  {figures.image_auroc_8:>16.4f}"
        )
