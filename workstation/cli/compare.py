"""`loupe compare`: methods and backbones on the same pictures."""

from __future__ import annotations

import json
from pathlib import Path
from threading import Event
from typing import Annotated

import typer

from engine.errors import RecipeError
from workstation.cli.options import DataDir, Device, complaining
from workstation.headless.exit_codes import FAILED, FAULTS
from workstation.whole_file import whole_file

PAGE = "report.html"


def compare_command(
    *,
    data: Annotated[
        Path,
        typer.Option(
            help="Labelled pictures, as for `loupe evaluate`, or good pictures alone: then damage "
            "is drawn into some of them to rank by."
        ),
    ],
    methods: Annotated[
        str, typer.Option(help="Comma-separated, such as patchcore,padim; else all.")
    ] = "",
    backbones: Annotated[
        str,
        typer.Option(
            metavar="NAME[=WEIGHTS],…",
            help="Comma-separated: builtin, gabor, names of imported weights, or a timm CNN with "
            "its weights, such as resnet18=timm or resnet18=FILE.",
        ),
    ] = "builtin",
    size: Annotated[int, typer.Option(help="Side in pixels of what the backbones see.")] = 224,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="METHOD.NAME=VALUE",
            help="A setting of one method, such as patchcore.coreset=0.1; may be given more "
            "than once.",
        ),
    ] = None,
    part_pattern: Annotated[
        str | None,
        typer.Option(help="Pictures with the same first group in their name are one part."),
    ] = None,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Folder for the report and what was measured; else <data>-comparison here. The "
            "same command goes on where it was ended."
        ),
    ] = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write all figures as JSON too.")
    ] = None,
    device: Device = "auto",
    data_dir: DataDir = None,
) -> None:
    """Compare methods and backbones on your pictures: quality, time, memory, and what is certain.

    Every candidate is fitted and tested in a process of its own on the same split; one that
    refuses or crashes does not end the others. Ctrl-C ends in order: what is measured stays and is
    reported, and the same command goes on from there. Exit code 3 when candidates or pictures are
    missing from the report.
    """
    asked_to_end = Event()
    with complaining():
        from workstation.cli.comparison.folder import alone_in, check_outside

        target = (out or Path(f"{data.resolve().name}-comparison")).absolute()
        check_outside(target, data)
        if json_file is not None and not json_file.parent.is_dir():
            raise RecipeError(
                f"There is no folder {json_file.parent} for the JSON report. Make it first."
            )
        from workstation.cli.comparison.candidates import typed_candidates
        from workstation.cli.comparison.lines import comparison_lines
        from workstation.cli.comparison.page import comparison_page
        from workstation.cli.comparison.report import comparison_report
        from workstation.cli.comparison.running import EndedTooEarlyError, Plan, run
        from workstation.interruptions import ending_on_signals

        candidates = typed_candidates(
            methods,
            backbones,
            settings=settings or [],
            size=size,
            part_pattern=part_pattern,
            seed=seed,
            data_dir=data_dir,
        )
        plan = Plan(data, target, candidates, device, part_pattern, seed)
        with alone_in(target), ending_on_signals(lambda _signal: asked_to_end.set()):
            try:
                found = run(plan, asked_to_end.is_set)
            except EndedTooEarlyError:
                raise typer.Exit(FAILED) from None
        if not found.rows and not asked_to_end.is_set():
            raise RecipeError(
                "No candidate could be measured. "
                + " ".join(f"{it.name}: {it.reason}" for it in found.not_measured)
            )
        page = target / PAGE
        if found.rows:
            with whole_file(page) as file:
                file.write(comparison_page(found, plan).encode())
        if json_file is not None:
            text = json.dumps(comparison_report(found, data), allow_nan=False, indent=1)
            with whole_file(json_file) as file:
                file.write(text.encode() + b"\n")
    if found.rows:
        for line in comparison_lines(found):
            typer.echo(line)
        typer.echo(f"The report with plots and maps is {page}.")
    if asked_to_end.is_set() and found.not_measured:
        typer.echo("Ended early; the same command goes on from here.", err=True)
        raise typer.Exit(FAILED)
    if found.not_measured or any(row.measured.evaluation.n_unreadable for row in found.rows):
        raise typer.Exit(FAULTS)
