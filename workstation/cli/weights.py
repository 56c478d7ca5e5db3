"""`loupe weights`: weights brought to this station by file, under names of its own.

Exit codes: 0 all is well; 1 something is not (a sentence on the standard error stream for each);
2 the command was not understood.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from engine.errors import EngineError, WeightsError
from workstation.cli.options import DataDir, Json, complaining, print_json, station_folder

if TYPE_CHECKING:
    from engine.components.backbone import Backbone
    from engine.components.weights_library import InstalledWeights, WeightsLibrary

app = typer.Typer(help="Weights by file: import, list, verify.", no_args_is_help=True)


def find_weights(wish: str, backbone: str | None, data_dir: Path | None) -> tuple[str, str]:
    """Turn what was typed into the backbone and weights of a recipe.

    Parameters
    ----------
    wish
        ``builtin``, ``timm``, a path, or the name of imported weights. A name wins over a file of
        the same name in the current folder, which can be written ``./name``.
    backbone
        None: not typed; then imported weights bring their own, and all else means ``builtin``.

    Raises
    ------
    WeightsError
        There are no such weights, they were changed since their import, or belong to another
        backbone.
    """
    if wish in ("builtin", "timm"):
        return backbone or "builtin", wish
    from engine.components.weights_library import is_name

    if not is_name(wish):
        return backbone or "builtin", wish
    library = _library(data_dir)
    if wish not in library.names() and Path(wish).exists():
        return backbone or "builtin", wish
    record = library.checked(wish)
    if backbone is not None and backbone.partition(".")[0] != record.model:
        raise WeightsError(
            f"The weights {wish!r} were imported for {record.model}, not for {backbone}. "
            f"Leave --backbone out, or name other weights."
        )
    return record.model, str(library.path(wish))


@app.command("import")
def import_command(
    file: Annotated[
        Path, typer.Argument(help="A .pth or .safetensors file of a timm or torchvision network.")
    ],
    *,
    model: Annotated[str, typer.Option(help="The network's name in timm, such as resnet18.")],
    name: Annotated[
        str | None, typer.Option(help="Name to keep the weights under; else the model's.")
    ] = None,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Check weights, convert them and keep them under a name; nothing is ever replaced."""
    with complaining():
        library = _library(data_dir)
        record = library.add(file, model=model, name=name)
    if as_json:
        print_json(_row(record) | {"file": str(library.path(record.name))})
        return
    typer.echo(
        f"Weights {record.name}: {record.n_tensors} tensors for {record.model} in "
        f"{library.path(record.name)}; {record.n_left_out} of {record.origin} that give no "
        f"features were left out. Fit with --weights {record.name}."
    )


@app.command("list")
def list_command(*, data_dir: DataDir = None, as_json: Json = False) -> None:
    """List built-in and imported weights; damaged ones on the error stream."""
    with complaining():
        library = _library(data_dir)
        rows: list[dict[str, object]] = []
        for name in (*_built_in(), *library.names()):
            try:
                own = name in _built_in()
                rows.append(_built_in_row(name) if own else _row(library.record(name)))
            except WeightsError as error:
                typer.echo(f"Left out: {error}", err=True)
    if as_json:
        print_json({"weights": rows})
        return
    for row in rows:
        came = f"imported {str(row['imported_at'])[:19]}" if row["imported_at"] else "built in"
        typer.echo(
            f"{row['name']}  {row['model']}  {came}  from {row['origin']}  "
            f"SHA-256 {str(row['sha256'])[:12]}…"
        )


@app.command("verify")
def verify_command(
    name: Annotated[
        str | None, typer.Argument(help="Which; else all, the built-in ones too.")
    ] = None,
    *,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Check hash, form and fit of weights, and that this PC computes with them what it did."""
    with complaining():
        library = _library(data_dir)
        names = [*_built_in(), *library.names()] if name is None else [name]
        problems = {each: _problem(library, each) for each in names}
    sound = not any(problems.values())
    if as_json:
        rows = [{"name": each, "problem": problem} for each, problem in problems.items()]
        print_json({"sound": sound, "weights": rows})
    for each, problem in problems.items():
        if problem is not None:
            typer.echo(f"{each}: {problem}", err=True)
        elif not as_json:
            typer.echo(f"{each}: sound")
    if not sound:
        raise typer.Exit(1)


def _problem(library: WeightsLibrary, name: str) -> str | None:
    from engine.components.weights_features import sums_of

    try:
        if name in _built_in():
            sums_of(_opened(name))
        else:
            library.verify(name)
    except EngineError as error:
        return str(error)
    return None


def _library(data_dir: Path | None) -> WeightsLibrary:
    from engine.components.weights_library import WeightsLibrary

    return WeightsLibrary(station_folder(data_dir).weights)


def _built_in() -> tuple[str, ...]:
    """Name the backbones whose weights come with the program."""
    from engine.components.built_in import Stack

    return tuple(Stack)


def _opened(name: str) -> Backbone:
    from engine.components.backbone import open_backbone
    from engine.device import open_device

    return open_backbone(name, weights="builtin", layers=(), device=open_device("cpu"))


def _built_in_row(name: str) -> dict[str, object]:
    from importlib.metadata import version

    backbone = _opened(name)
    return {
        "name": backbone.name,
        "model": backbone.name,
        "origin": f"Loupe {version('loupe')}",
        "origin_sha256": None,
        "sha256": backbone.weights_sha256,
        "imported_at": None,
        "tensors": len(backbone.network.state_dict()),
    }


def _row(record: InstalledWeights) -> dict[str, object]:
    return {
        "name": record.name,
        "model": record.model,
        "origin": record.origin,
        "origin_sha256": record.origin_sha256,
        "sha256": record.sha256,
        "imported_at": record.imported_at.isoformat(),
        "tensors": record.n_tensors,
        "left_out": record.n_left_out,
    }
