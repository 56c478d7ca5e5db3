"""What a person types of methods and backbones, as the candidates of a comparison."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from engine.comparison.candidates import Candidate
from engine.errors import RecipeError
from engine.methods import METHODS
from engine.recipe import Recipe
from engine.types import MethodName
from workstation.cli.method_settings import method_settings
from workstation.cli.weights import find_weights


def typed_candidates(
    methods: str,
    backbones: str,
    *,
    settings: Sequence[str],
    size: int,
    part_pattern: str | None,
    seed: int,
    data_dir: Path | None,
) -> list[Candidate]:
    """Give every method on every backbone.

    Parameters
    ----------
    methods
        Names, comma-separated; empty: all.
    backbones
        Comma-separated: backbones, names of imported weights, or ``NAME=WEIGHTS``.
    settings
        ``METHOD.NAME=VALUE`` each.

    Raises
    ------
    RecipeError
        There is no such method or setting.
    WeightsError
        There are no such weights.
    """
    chosen = [_method(name) for name in _pieces(methods)] or list(METHODS)
    own = {method: _settings_of(method, settings) for method in chosen}
    _refuse_strangers(settings, chosen)
    return [
        Candidate(
            recipe=Recipe(
                method=method,
                parameters=method_settings(method, own[method], coreset=None),
                backbone=backbone,
                weights=weights,
                size=size,
                part_pattern=part_pattern,
                seed=seed,
            ),
            backbone=name,
        )
        for name, backbone, weights in (_backbone(it, data_dir) for it in _pieces(backbones))
        for method in chosen
    ]


def _pieces(text: str) -> list[str]:
    """Take a list apart; what is named twice counts once."""
    return list(dict.fromkeys(piece.strip() for piece in text.split(",") if piece.strip()))


def _method(name: str) -> MethodName:
    try:
        return MethodName(name)
    except ValueError:
        raise RecipeError(
            f"There is no method {name!r}. Choose among {', '.join(METHODS)}."
        ) from None


def _backbone(text: str, data_dir: Path | None) -> tuple[str, str, str]:
    """Give the name for people, the backbone and the weights of one entry."""
    name, equals, weights = text.partition("=")
    if equals:
        return text, *find_weights(weights, name, data_dir)
    from engine.components.weights_library import WeightsLibrary, is_name
    from workstation.cli.options import station_folder

    if is_name(name) and name in WeightsLibrary(station_folder(data_dir).weights).names():
        return name, *find_weights(name, None, data_dir)
    return name, name, "builtin"


def _settings_of(method: MethodName, settings: Sequence[str]) -> list[str]:
    return [text.removeprefix(f"{method}.") for text in settings if text.startswith(f"{method}.")]


def _refuse_strangers(settings: Sequence[str], methods: Sequence[MethodName]) -> None:
    for text in settings:
        if text.partition(".")[0].strip() not in methods:
            raise RecipeError(
                f"--set takes METHOD.NAME=VALUE with a method that is compared, not {text!r}."
            )
