"""The table of sub-commands; without one, `loupe` opens the workstation.

Exit codes of every command: 0 it is done; 1 it could not be done, a sentence on the standard error
stream says why; 2 the command was not understood; 3 it is done, but some pictures were faults.
SIGINT, SIGTERM and SIGHUP end a station in order, with the part in hand in the record. `loupe
watch` without --parts or --until-empty then gives 0 or 3 like any other end, and 1 where an end was
asked for that was not reached. `loupe --headless` gives 1 then, and 0 for a run with faults, too.

One station runs in a data folder: the window, `loupe --headless` or `loupe watch`. The other
commands work beside it. `fit`, `calibrate --apply` and `releases import` add a release whole or not
at all, as `weights import` adds weights; `simulate`, `pretrain` and `compare` write to a folder of
their own; `records reindex` writes in transactions so short that the line waits for none; the rest
only reads.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from engine.types import MethodName
from workstation.cli import (
    calibrate,
    compare,
    evaluate,
    fit,
    inspect,
    pretrain,
    records,
    releases,
    simulate,
    watch,
    weights,
)
from workstation.cli.options import DataDir, complaining, typed

app = typer.Typer(
    name="loupe",
    help="Loupe, an inspection workstation. Without a command it opens the window.",
    no_args_is_help=False,
    add_completion=False,
    rich_markup_mode=None,
)
app.command("fit")(fit.fit_command)
app.command("evaluate")(evaluate.evaluate_command)
app.command("calibrate")(calibrate.calibrate_command)
app.command("compare")(compare.compare_command)
app.command("inspect")(inspect.inspect_command)
# Hidden until a backbone opens what it makes.
app.command("pretrain")(pretrain.pretrain_command)
app.command("simulate")(simulate.simulate_command)
app.command("watch", epilog=watch.EPILOG)(watch.watch_command)
app.add_typer(releases.app, name="releases")
app.add_typer(records.app, name="records")
app.add_typer(weights.app, name="weights")


@app.callback(invoke_without_command=True)
def station(
    context: typer.Context,
    *,
    headless: Annotated[
        bool, typer.Option("--headless", help="Inspect without a window and print a summary.")
    ] = False,
    parts: Annotated[
        int | None,
        typer.Option(min=1, help="Parts after which a headless run ends; else 50."),
    ] = None,
    watch: Annotated[
        Path | None,
        typer.Option(help="Watch this folder; remembered for the next start."),
    ] = None,
    release: Annotated[
        str | None,
        typer.Option(help="Judge by this release (folder or id); remembered for the next start."),
    ] = None,
    method: Annotated[
        MethodName | None,
        typer.Option(help="Show the simulated demo, fitted by this method."),
    ] = None,
    screenshot: Annotated[
        Path | None, typer.Option(help="Where a headless run saves the operator's page.")
    ] = None,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    data_dir: DataDir = None,
) -> None:
    """Open the workstation, or run it headless."""
    if context.invoked_subcommand is not None:
        _refuse_misplaced(context, context.invoked_subcommand)
        return
    from engine.sources.base import FolderConfig
    from workstation.app import run
    from workstation.wishes import Wishes

    with complaining():
        raise typer.Exit(
            run(
                Wishes(
                    headless=headless,
                    parts=parts,
                    source=None if watch is None else FolderConfig(path=watch.absolute()),
                    release=release,
                    method=method,
                    screenshot=screenshot,
                    device=device,
                    data_dir=data_dir,
                )
            )
        )


def _refuse_misplaced(context: typer.Context, command: str) -> None:
    """Refuse what was typed before a sub-command, which would not know of it; but --data-dir does.

    Raises
    ------
    typer.BadParameter
        Something else was typed there.
    """
    for option in context.params:
        if option != "data_dir" and typed(context, option):
            raise typer.BadParameter(
                f"--{option} stands before {command!r} and would have no effect: "
                f"put it after {command!r}, if that command takes it."
            )
