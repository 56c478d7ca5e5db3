"""From a source's configuration to what stands in a form, and back, with every error in words."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from engine.sources.base import SourceConfig, StreamConfig
from engine.sources.told import HIDDEN, told_config
from workstation.system.fields import Entry, FormField, SourceKind

Values = Mapping[str, str]
"""What stands in each line of a form, by the name of its field."""


class FormError(Exception):
    """Something that was entered cannot be used.

    Attributes
    ----------
    problems
        A few words by the name of the field.
    """

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__("; ".join(problems.values()))
        self.problems = dict(problems)


def values_of(config: SourceConfig) -> dict[str, str]:
    """Give what stands in the form for a configuration; of an address, no name and password."""
    return {name: _text(value) for name, value in _flat(told_config(config)).items()}


def default_values(kind: SourceKind) -> dict[str, str]:
    """Give what stands in the form of a kind that was never chosen."""
    values = {}
    for name, field in kind.config.model_fields.items():
        if not field.is_required():
            default = field.get_default(call_default_factory=True)
            inner = default.model_dump(mode="json") if hasattr(default, "model_dump") else default
            values.update(_flat({name: inner}))
    return {name: _text(value) for name, value in values.items()}


def config_of(kind: SourceKind, values: Values, *, stored: SourceConfig | None) -> SourceConfig:
    """Make a configuration of what stands in the form.

    Parameters
    ----------
    kind
        Which form it is.
    values
        What was entered.
    stored
        The station's own source: an address shown without its password means this one's.

    Raises
    ------
    FormError
        With a few words for each field that cannot be used.
    """
    entered: dict[str, Any] = {}
    for field in kind.fields:
        text = values.get(field.name, "").strip()
        if text and _counts(field, values):
            _put(entered, field.name.split("."), _read(field, text))
    if kind.config is StreamConfig:
        entered.update(_address(values.get("url", "").strip(), stored))
    try:
        return kind.config.model_validate(entered)
    except ValidationError as error:
        # Never shown or logged whole: it quotes what was entered, a password among it.
        raise FormError(_problems(kind, error)) from None


def _counts(field: FormField, values: Values) -> bool:
    return field.only_with is None or values.get(field.only_with[0]) == field.only_with[1]


def _read(field: FormField, text: str) -> str:
    match field.entry:
        case Entry.NUMBER:
            return text.replace(",", ".")  # as numbers are typed in half of the world
        case Entry.FOLDER | Entry.FILE:
            return str(Path(text).expanduser().absolute())
        case _:
            return text


def _address(text: str, stored: SourceConfig | None) -> dict[str, str]:
    if isinstance(stored, StreamConfig) and text == told_config(stored)["url"]:
        return {"url": stored.url}
    if HIDDEN in text:
        raise FormError({"url": f"type the whole address; {HIDDEN} stands for what is not shown"})
    return {}


def _problems(kind: SourceKind, error: ValidationError) -> dict[str, str]:
    fields = {field.name: field for field in kind.fields}
    problems: dict[str, str] = {}
    for problem in error.errors(include_url=False, include_input=False):
        place = [str(step) for step in problem["loc"]]
        # Between the name of a choice and its field stands which of the choices it is.
        name = place[0] if len(place) == 1 else f"{place[0]}.{place[-1]}"
        field = fields.get(name)
        wrong = field.wrong if field is not None else ""
        needed = problem["type"] == "missing"
        problems[name] = _words(
            problem["type"], problem.get("ctx", {}), wrong="" if needed else wrong
        )
    return problems


def _words(error: str, context: Mapping[str, Any], *, wrong: str) -> str:
    if wrong:
        return wrong
    match error:
        case "missing":
            return "needed"
        case "float_parsing":
            return "not a number"
        case "int_parsing" | "int_from_float":
            return "whole number"
        case "greater_than":
            return f"more than {context['gt']:g}"
        case "greater_than_equal":
            return f"at least {context['ge']:g}"
        case "less_than_equal":
            return f"at most {context['le']:g}"
        case "value_error":
            return str(context["error"])
        case _:
            return "cannot be used"


def _flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, Mapping):
            flat.update(_flat(value, f"{prefix}{name}."))
        else:
            flat[prefix + name] = value
    return flat


def _put(values: dict[str, Any], path: list[str], value: str) -> None:
    *outer, last = path
    for name in outer:
        values = values.setdefault(name, {})
    values[last] = value


def _text(value: object) -> str:
    if value is None:
        return ""
    return f"{value:.10g}" if isinstance(value, float) else str(value)
