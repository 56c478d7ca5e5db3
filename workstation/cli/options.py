"""Options, progress and complaints that all commands share."""

from __future__ import annotations

import json
import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from engine.errors import EngineError
from engine.types import FitStep
from workstation.headless.exit_codes import FAILED
from workstation.paths import ENVIRONMENT_VARIABLE, DataFolder, DataFolderError, find_data_folder
from workstation.records.errors import RecordsError

Result = TypeVar("Result")


def typed(context: typer.Context, option: str) -> bool:
    """Tell whether a person typed this option: a default and a variable do not count."""
    source = context.get_parameter_source(option)
    return source is not None and source.name == "COMMANDLINE"


def _typed_anywhere(
    context: typer.Context, option: typer.CallbackParam, named: Path | None
) -> Path | None:
    """Let a folder typed before a sub-command hold for it too: what is typed outranks LOUPE_DATA.

    A context hands its `obj` on to those of its sub-commands.
    """
    if option.name is not None and typed(context, option.name):
        context.obj = named
    return named if context.obj is None else Path(context.obj)


DataDir = Annotated[
    Path | None,
    typer.Option(
        "--data-dir",
        envvar=ENVIRONMENT_VARIABLE,
        callback=_typed_anywhere,
        help="The station's data folder.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Report as one JSON object.")]
Device = Annotated[str, typer.Option("--device", help="auto, cpu or cuda.")]


@contextmanager
def complaining() -> Iterator[None]:
    """Turn the errors people can mend into one sentence and exit code 1."""
    try:
        yield
    except (EngineError, RecordsError, DataFolderError) as error:
        _complain(str(error))
    except ValidationError as error:
        _complain(first_mistake(error))
    except OSError as error:
        _complain(
            f"{error.filename or 'A file could not be written'}: {error.strerror or error}. "
            "Check the path, the rights and the free disk space."
        )


def first_mistake(error: ValidationError) -> str:
    """Say in words what is wrong first, and where."""
    first = error.errors()[0]
    place = ".".join(map(str, first["loc"])) or "the options"
    return f"{place}: {first['msg'].removeprefix('Value error, ')}"


def station_folder(data_dir: Path | None) -> DataFolder:
    """Find the station's data folder; where it is not the computer's own, say which it is.

    Raises
    ------
    DataFolderError
        The folder that was named cannot be written.
    """
    folder, note = find_data_folder(data_dir)
    if note is not None:
        typer.echo(note, err=True)
    return folder


def _complain(sentence: str) -> None:
    typer.echo(f"loupe: {sentence}", err=True)
    raise typer.Exit(FAILED)


def run_showing_progress(steps: Generator[FitStep, None, Result]) -> Result:
    """Run a generator of steps to its end under a progress bar on the standard error stream."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task, stage = progress.add_task(""), ""
        while True:
            try:
                step = next(steps)
            except StopIteration as end:
                result: Result = end.value
                return result
            if step.notice:
                progress.console.print(step.notice, soft_wrap=True)
            if step.stage != stage:
                progress.reset(task)
                stage = step.stage
            progress.update(task, description=stage, completed=step.done, total=step.total)


def print_json(report: Any) -> None:
    """Write one JSON object to the standard output, and nothing else."""
    sys.stdout.write(json.dumps(report, allow_nan=False, indent=1) + "\n")
