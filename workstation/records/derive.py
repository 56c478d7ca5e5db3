"""What is derived from the chained rows: the final verdict, the search columns, the hourly counts.

The same functions serve every insert and `reindex`, so that both give the same content.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.orm import Session

from workstation.records.tables import Base, FeedbackRow, HourlyCountRow, InspectionRow, SearchRow
from workstation.records.times import HOUR_US
from workstation.records.words import FeedbackVerdict

# Put together once: every part is counted, and nine comparisons took a tenth of recording it.
_counts = Base.metadata.tables[HourlyCountRow.__tablename__]
_SAME_KEY = tuple(column == bindparam(f"key_{column.name}") for column in _counts.primary_key)
_STEP = (
    update(_counts)
    .where(*_SAME_KEY)
    .values(count=_counts.c.count + bindparam("step"))
    .returning(_counts.c.count)
)
_DROP = delete(_counts).where(*_SAME_KEY)


def search_values(
    inspection: InspectionRow, feedback: Iterable[FeedbackRow], *, superseded: bool
) -> dict[str, Any]:
    """Give the columns of the `SearchRow` of an inspection and all its feedback, in any order."""
    human, final = said_of(inspection.outcome, feedback)
    return {
        "inspection_id": inspection.id,
        "station": inspection.station,
        "taken_at": inspection.taken_at,
        "part_id": inspection.part_id,
        "lot": inspection.lot,
        "recipe": inspection.recipe,
        "release_id": inspection.release_id or "",
        "simulated": inspection.simulated,
        "attempt": inspection.attempt,
        "superseded": superseded,
        "score": inspection.score,
        "machine": inspection.outcome,
        "human": human,
        "final": final,
    }


def said_of(machine: str, feedback: Iterable[FeedbackRow]) -> tuple[str | None, str]:
    """Give the last standing human verdict (None: nothing stands) and the final verdict.

    The final verdict is the last standing human OK or NG, else the machine's: to be unsure is an
    answer, but it decides nothing.
    """
    standing = [row.verdict for row in standing_feedback(feedback) if row.verdict is not None]
    decided = [word for word in standing if word != FeedbackVerdict.UNSURE]
    return (standing[-1] if standing else None), (decided[-1] if decided else machine)


def standing_feedback(feedback: Iterable[FeedbackRow]) -> list[FeedbackRow]:
    """Give the verdicts that nobody has withdrawn, oldest first."""
    rows = sorted(feedback, key=lambda row: row.id)
    withdrawn = {row.withdraws_id for row in rows}
    return [row for row in rows if row.verdict is not None and row.id not in withdrawn]


def add_inspection(
    session: Session, inspection: InspectionRow, *, earlier: Sequence[int], superseded: bool
) -> None:
    """Derive what follows from a new inspection.

    `earlier` are the numbers of the same part's earlier attempts, which count no longer;
    `superseded` says that a later one is there already.
    """
    for searched in _still_counting(session, earlier):
        session.execute(
            update(SearchRow)
            .where(SearchRow.inspection_id == searched["inspection_id"])
            .values(superseded=True)
        )
        count_part(session, searched, -1)
    values = search_values(inspection, (), superseded=superseded)
    session.execute(insert(SearchRow), [values])
    if not superseded:
        count_part(session, values, 1)


def add_feedback(session: Session, inspection: InspectionRow) -> None:
    """Derive what follows from new feedback on `inspection`."""
    rows = session.scalars(
        select(FeedbackRow).where(FeedbackRow.inspection_id == inspection.id)
    ).all()
    human, final = said_of(inspection.outcome, rows)
    this = SearchRow.inspection_id == inspection.id
    before = dict(session.execute(select(SearchRow.__table__).where(this)).mappings().one())
    session.execute(update(SearchRow).where(this).values(human=human, final=final))
    if final != before["final"] and not before["superseded"]:
        count_part(session, before, -1)
        count_part(session, {**before, "final": final}, 1)


def count_part(session: Session, searched: Mapping[str, Any], step: int) -> None:
    """Add `step` to the hourly count of the part with these search columns; no zero remains."""
    key = hourly_key(searched)
    of_key = {f"key_{name}": value for name, value in key.items()}
    count = session.execute(_STEP, {**of_key, "step": step}).scalar_one_or_none()
    if count is None:
        session.execute(insert(HourlyCountRow), [{**key, "count": step}])
    elif count == 0:
        session.execute(_DROP, of_key)


def hourly_key(searched: Mapping[str, Any]) -> dict[str, Any]:
    """Give the key of the hourly count in which a part with these search columns is counted."""
    return {
        "station": searched["station"],
        "hour": searched["taken_at"] // HOUR_US,
        "lot": searched["lot"],
        "recipe": searched["recipe"],
        "release_id": searched["release_id"],
        "simulated": searched["simulated"],
        "outcome": searched["machine"],
        "final": searched["final"],
        "first_attempt": searched["attempt"] == 1,
    }


def _still_counting(session: Session, ids: Sequence[int]) -> list[dict[str, Any]]:
    if not ids:
        return []
    rows = select(SearchRow.__table__).where(
        SearchRow.inspection_id.in_(ids), SearchRow.superseded.is_(False)
    )
    return [dict(row) for row in session.execute(rows).mappings()]
