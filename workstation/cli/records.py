"""`loupe records`: the record as a table, proof that it is whole, and rebuilding what is derived.

Exit codes: 0 all is well; 1 the record is broken, missing or could not be read (a sentence on the
standard error stream says which); 2 the command was not understood.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated, TextIO

import typer

from workstation.cli.options import DataDir, Json, complaining, print_json, station_folder
from workstation.paths import DataFolder
from workstation.records.anchors import read_anchors
from workstation.records.database import Database
from workstation.records.export import export_inspections, export_standstills
from workstation.records.reindex import reindex as rebuild
from workstation.records.schema import open_existing_record
from workstation.records.store import Store
from workstation.records.verify import VerifyReport
from workstation.records.verify import verify as verify_chains
from workstation.records.words import EventKind
from workstation.settings import load_settings
from workstation.whole_file import whole_file

app = typer.Typer(
    help="The record: export it, verify its hash chains, rebuild its search tables.",
    no_args_is_help=True,
)


@app.command()
def export(
    *,
    out: Annotated[
        Path | None, typer.Option("--out", help="File to write; else the standard output.")
    ] = None,
    not_inspecting: Annotated[
        bool,
        typer.Option(
            "--not-inspecting",
            help="Write the spans without inspection instead: from, to, reason, person.",
        ),
    ] = False,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Write every inspection as a line of CSV: final verdict, picture's health, hash and all."""
    export_csv = export_standstills if not_inspecting else export_inspections
    if as_json and out is None:
        raise typer.BadParameter("--json reports on a file: give --out FILE as well.")
    with complaining(), _existing_record(data_dir) as (database, _, _):
        if out is None:
            _export_to_stdout(database, export_csv)
            return
        with whole_file(out) as file:
            table = TextIOWrapper(file, "utf-8", newline="")
            rows = export_csv(database, table)
            table.detach()  # flushed, but the file is not the wrapper's to close
    if as_json:
        print_json({"rows": rows, "file": str(out)})
    else:
        spans = f"{_counted(rows, 'span')} without inspection"
        typer.echo(f"{spans if not_inspecting else _counted(rows, 'inspection')} in {out}")


@app.command()
def verify(*, data_dir: DataDir = None, as_json: Json = False) -> None:
    """Recompute all hash chains and compare them with the anchors."""
    with complaining(), _existing_record(data_dir) as (database, folder, _):
        anchors, damaged = read_anchors(folder.anchors)
        report = verify_chains(database, anchors)
    if as_json:
        print_json({"sound": report.sound, **asdict(report), "damaged_anchor_lines": damaged})
    else:
        _tell(report, damaged, folder)
    if not report.sound:
        raise typer.Exit(1)


@app.command()
def reindex(*, data_dir: DataDir = None, as_json: Json = False) -> None:
    """Rebuild final verdicts, search columns and hourly counts from the chained rows."""
    with complaining(), _existing_record(data_dir) as (database, _, station):
        inspections = rebuild(database)
        Store(database, station).add_event(EventKind.REINDEXED, inspections=inspections)
    if as_json:
        print_json({"inspections": inspections})
    else:
        typer.echo(f"Search tables rebuilt from {inspections} inspections.")


def _tell(report: VerifyReport, damaged: int, folder: DataFolder) -> None:
    if damaged:
        typer.echo(f"{damaged} lines of {folder.anchors} are damaged and were not used.", err=True)
    for found in report.breaks:
        typer.echo(
            f"The chain of station {found.station!r} is broken at row {found.seq}: {found.reason}",
            err=True,
        )
    spans = _counted(report.tables["not_inspecting"], "span")
    anchors = "1 anchor fits" if report.anchors == 1 else f"{report.anchors} anchors fit"
    typer.echo(
        f"{_counted(report.rows, 'row')} of {_counted(report.stations, 'station')} are sound, "
        f"{spans} without inspection among them; {anchors}."
    )


def _counted(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


@contextmanager
def _existing_record(data_dir: Path | None) -> Iterator[tuple[Database, DataFolder, str]]:
    """Open the record that the folder's settings name; nothing is created."""
    folder = station_folder(data_dir)
    settings, warnings = load_settings(folder.settings)
    for warning in warnings:
        typer.echo(warning, err=True)
    database = open_existing_record(settings.database_url or folder.database_url)
    try:
        yield database, folder, settings.station
    finally:
        database.close()


def _export_to_stdout(database: Database, export_csv: Callable[[Database, TextIO], int]) -> None:
    if isinstance(sys.stdout, TextIOWrapper):
        # Windows would write another encoding, and a second line end after each.
        sys.stdout.reconfigure(encoding="utf-8", newline="\n")
    try:
        export_csv(database, sys.stdout)
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader has seen enough (as in `| head`); the interpreter must not flush once more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
