"""The page of a comparison: one HTML file that needs no network and no script."""

from __future__ import annotations

import os
import platform
import shlex
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.resources import files

from engine.comparison.candidates import versions
from engine.comparison.measured import KeptResults
from engine.comparison.ranking import Row
from engine.comparison.result import Comparison
from workstation.cli.comparison.elements import Child, Markup, element, joined
from workstation.cli.comparison.figures import (
    COST,
    QUALITY,
    Column,
    between,
    columns_for,
    figure,
)
from workstation.cli.comparison.maps import differing_maps
from workstation.cli.comparison.plots import interval_plot, latency_plot
from workstation.cli.comparison.running import CANDIDATES, Plan

_STYLE = "comparison.css"


def comparison_page(found: Comparison, plan: Plan) -> str:
    """Give the whole file."""
    style = files("resources").joinpath("style", _STYLE).read_text(encoding="utf-8")
    title = f"Comparison on {plan.data.resolve().name}"
    body = element(
        "main",
        element("h1", title),
        element("p", found.conclusion, class_="conclusion"),
        _rested_on(found),
        _section("Best first", _table(QUALITY, found.rows), _table(COST, found.rows)),
        _not_measured(found),
        _section("Image AUROC with its 95 % interval", interval_plot(found.rows)),
        _section("Latency against image AUROC", latency_plot(found.rows)),
        _section(
            "Where the maps differ most", differing_maps(found, KeptResults(plan.out / CANDIDATES))
        ),
        _section("Image AUROC by defect class", _by_class(found)),
        _section("Every figure with its 95 % interval", _every_figure(found.rows)),
        _section("What the columns mean", _meanings(found.rows)),
        _section("How it was measured", _provenance(found, plan)),
    )
    # A style holds no text of others, so nothing in it is to be escaped.
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width"),
        element("title", title),
        Markup(f"<style>{style}</style>"),
    )
    return "<!DOCTYPE html>\n" + element("html", head, element("body", body), lang="en") + "\n"


def _section(heading: str, *content: Child) -> Markup:
    return element("section", element("h2", heading), *content)


def _rested_on(found: Comparison) -> Markup:
    kind = "drawn ones" if found.split.drawn else "defective pictures"
    said = (
        f"Fitted on {found.n_fitted_on} good pictures, tested with {found.n_good} good and "
        f"{found.n_defective} {kind}: the same for all."
    )
    return joined(element("p", said), [_remark(it, found) for it in found.remarks])


def _remark(remark: str, found: Comparison) -> Markup:
    warns = found.split.drawn and remark in found.split.remarks
    return element("p", remark, class_="warning" if warns else "remark")


def _table(columns: tuple[Column, ...], rows: tuple[Row, ...]) -> Markup:
    shown = columns_for(columns, rows)
    heads = ["", *(column.title for column in shown)]
    return _grid(heads, [(row.name, *(column.text(row) for column in shown)) for row in rows])


def _grid(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Markup:
    return element(
        "div",
        element(
            "table",
            element("tr", [element("th", head) for head in heads]),
            [
                element("tr", element("th", first), [element("td", text) for text in others])
                for first, *others in rows
            ],
        ),
        class_="wide",
    )


def _not_measured(found: Comparison) -> Markup:
    if not found.not_measured:
        return joined()
    said = [
        element("li", element("b", missing.name), f": {missing.reason}")
        for missing in found.not_measured
    ]
    return _section("Not measured", element("ul", said))


def _by_class(found: Comparison) -> Markup:
    counts = Counter(it.defect_class for it in found.split.dataset.test if it.defect_class)
    classes = found.split.dataset.classes
    return _grid(
        ["", *(f"{name} ({counts[name]})" for name in classes)],
        [
            (row.name, *(figure(row.measured.evaluation.per_class.get(it)) for it in classes))
            for row in found.rows
        ],
    )


def _every_figure(rows: tuple[Row, ...]) -> Markup:
    names = (
        ("image AUROC", "image_auroc"),
        ("image AP", "image_average_precision"),
        ("image F1-max", "image_f1_max"),
        ("pixel AUROC", "pixel_auroc"),
        ("AU-PRO (0.3)", "au_pro_30"),
        ("AU-PRO (0.05)", "au_pro_05"),
        ("region IoU", "region_iou"),
    )
    lines = []
    for row in rows:
        evaluation = row.measured.evaluation
        figures = (
            figure(getattr(evaluation, name)) + between(getattr(evaluation, f"{name}_95"))
            for _, name in names
        )
        start = f"{row.measured.start_mb:.0f}"
        lines.append((row.name, *figures, start, str(evaluation.n_unreadable)))
    heads = ["", *(title for title, _ in names), "MB before the fit", "not inspected"]
    return _grid(heads, lines)


def _meanings(rows: tuple[Row, ...]) -> Markup:
    every = columns_for(QUALITY, rows) + columns_for(COST, rows)
    return element("dl", [(element("dt", it.title), element("dd", it.meaning)) for it in every])


def _provenance(found: Comparison, plan: Plan) -> Markup:
    recipe = plan.candidates[0].recipe
    facts = [
        ("pictures", str(plan.data.resolve())),
        ("SHA-256 of the pictures and their split", found.split.sha256),
        ("size", f"{recipe.size} × {recipe.size} pixels"),
        ("seed", str(plan.seed)),
        ("device", plan.device),
        ("computer", f"{platform.node()}, {platform.machine()}, {os.cpu_count()} processor cores"),
        ("versions", ", ".join(f"{name} {it}" for name, it in versions().items())),
        ("written", f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"),
        ("results of each candidate", str(plan.out / CANDIDATES)),
        ("a release of the best", _fit_command(found, plan)),
    ]
    return element("dl", [(element("dt", name), element("dd", fact)) for name, fact in facts])


def _fit_command(found: Comparison, plan: Plan) -> str:
    """Give the command that fits the best candidate to pictures of one's choice."""
    best = found.rows[0].measured.evaluation
    recipe = next(
        it.recipe
        for it in plan.candidates
        if (it.recipe.method, it.backbone) == (best.method, best.backbone)
    )
    options = ["--method", recipe.method, "--backbone", recipe.backbone, "--size", str(recipe.size)]
    if recipe.weights != "builtin":
        options += ["--weights", recipe.weights]
    for name, value in recipe.parameters.model_dump(exclude_defaults=True).items():
        options += ["--set", f"{name}={value}"]
    return f"loupe fit --images FOLDER {shlex.join(options)}"
