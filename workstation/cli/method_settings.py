"""What a person types of a method's own settings, as the method's record."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError

from engine.errors import RecipeError
from engine.parameters import PARAMETERS, MethodParameters
from engine.types import MethodName


def method_settings(
    method: MethodName, typed: Sequence[str], *, coreset: float | None
) -> MethodParameters:
    """Read ``NAME=VALUE`` texts, and the share of patches that has an option of its own.

    Raises
    ------
    RecipeError
        The method has no such setting, or not with this value.
    """
    record = PARAMETERS[method]
    values: dict[str, Any] = {}
    if coreset is not None:
        if "coreset" not in record.model_fields:
            raise RecipeError(f"--coreset is for methods with a coreset; {method} has none.")
        values["coreset"] = coreset
    for text in typed:
        name, equals, value = (piece.strip() for piece in text.partition("="))
        if not equals or name not in record.model_fields:
            raise RecipeError(
                f"--set takes NAME=VALUE, not {text!r}. The settings of {method} are "
                f"{', '.join(record.model_fields) or 'none'}."
            )
        try:
            values[name] = json.loads(value)
        except json.JSONDecodeError:
            values[name] = value  # a word
    try:
        return record.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise RecipeError(f"The setting {place} of {method}: {first['msg']}.") from error
