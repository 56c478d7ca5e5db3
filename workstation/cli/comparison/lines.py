"""What `loupe compare` says in a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from engine.comparison.ranking import Row
from engine.comparison.result import Comparison
from workstation.cli.comparison.figures import COST, QUALITY, Column, columns_for


def comparison_lines(found: Comparison) -> Iterator[str]:
    """Give the conclusion, what it rests on, the tables and the remarks."""
    yield found.conclusion
    yield ""
    kind = "defects drawn into them" if found.split.drawn else "defective pictures"
    yield f"fitted on      {found.n_fitted_on} good pictures"
    yield f"tested with    {found.n_good} good pictures and {found.n_defective} {kind}"
    for columns in (QUALITY, COST):
        if found.rows:
            yield ""
            yield from _table(columns_for(columns, found.rows), found.rows)
    if found.not_measured:
        yield ""
    for missing in found.not_measured:
        yield f"{missing.name} was not measured: {missing.reason}"
    yield ""
    yield from found.remarks


def _table(columns: tuple[Column, ...], rows: tuple[Row, ...]) -> Iterator[str]:
    cells = [("", *(column.title for column in columns))]
    cells += [(row.name, *(column.text(row) for column in columns)) for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for first, *others in cells:
        texts = (text.ljust(width) for text, width in zip(others, widths[1:], strict=True))
        yield "  ".join((first.ljust(widths[0]), *texts)).rstrip()
