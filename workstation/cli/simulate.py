"""`loupe simulate`: drawn parts as a labelled data set, to try a method or a release on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from engine.synthetic.parts.drawn import PartKind
from workstation.cli.options import Json, complaining, print_json, run_showing_progress


def simulate_command(
    *,
    part: Annotated[PartKind, typer.Option(help="What is drawn: ring, board or textile.")],
    strength: Annotated[
        float,
        typer.Option(
            min=0.05,
            help="Of the defects: contrast of strength × 4 σ of the surface, area of strength × "
            "0.2 % of the part. 0.5 is hard to see, 1 is seen by who looks, 2 is plain.",
        ),
    ] = 1.0,
    seed: Annotated[int, typer.Option(min=0, help="The same seed draws the same pictures.")] = 0,
    out: Annotated[Path, typer.Option(help="Folder to write to, new or empty.")],
    as_json: Json = False,
) -> None:
    """Draw 200 good parts to fit on, and 60 good and 120 defective ones with masks to test with.

    The folder has the layout of MVTec AD, as `loupe evaluate --data` reads it, and is written
    whole or not at all.
    """
    with complaining():
        from engine.synthetic.labelled import write_dataset

        written = run_showing_progress(write_dataset(out, part, strength=strength, seed=seed))
    if as_json:
        print_json(
            {
                "folder": str(out),
                "part": part,
                "strength": strength,
                "seed": seed,
                "train_good": written.train_good,
                "test_good": written.test_good,
                "defective": dict(written.defective),
            }
        )
        return
    typer.echo(f"{part}, strength {strength:g}, seed {seed}: {out}")
    typer.echo(f"train/good     {written.train_good}")
    typer.echo(f"test/good      {written.test_good}")
    for kind, count in written.defective.items():
        typer.echo(f"test/{kind:<14} {count}")
