"""What is derived can be thrown away: rebuilt, it is the same."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select, update

from engine.types import Verdict
from tests.workstation.records.conftest import NOON, STATION, fault, inspection, origin
from workstation.records.database import Database
from workstation.records.reindex import reindex
from workstation.records.schema import open_record
from workstation.records.store import Store
from workstation.records.tables import HourlyCountRow, SearchRow
from workstation.records.words import FeedbackVerdict

pytestmark = pytest.mark.slow


def _derived(database: Database) -> list[list[Any]]:
    with database.reading() as session:
        return [
            sorted(tuple(row) for row in session.execute(select(table.__table__)))
            for table in (SearchRow, HourlyCountRow)
        ]


_STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            ["record", "fault", "again", "camera", "replay", "simulated", "feedback", "withdraw"]
        ),
        st.integers(0, 5),
        st.sampled_from(list(Verdict)),
        st.sampled_from(list(FeedbackVerdict)),
    ),
    min_size=1,
    max_size=25,
)


def _live(store: Store, steps: list[tuple[str, int, Verdict, FeedbackVerdict]]) -> None:
    """Live through a shift: parts, faults, second attempts, feedback and withdrawals."""
    attempts: dict[int, int] = {}
    ids: list[int] = []
    standing: list[int] = []
    for number, (step, choice, verdict, word) in enumerate(steps):
        store.lot = f"lot {choice % 2}"
        taken_at = NOON + timedelta(hours=11 * choice, minutes=number)
        match step:
            case "record":
                attempts[number] = 1
                ids.append(store.record(inspection(number, verdict, taken_at=taken_at)))
            case "fault":
                attempts[number] = 1
                ids.append(store.record_fault(fault(number, taken_at=taken_at, simulated=True)))
            case "again" if attempts:
                same = list(attempts)[choice % len(attempts)]
                attempts[same] += 1
                ids.append(store.record(inspection(same, verdict, attempt=attempts[same])))
            case "camera":
                name = store.name_part(f"code {choice}", taken_at)
                ids.append(_take(store, number, verdict, "camera", name.part_id, name.attempt))
            case "replay" | "simulated":
                again = origin(choice, keyed=False, source=step, simulated=step == "simulated")
                attempt = store.next_attempt(again) if verdict is Verdict.OK else 1
                ids.append(_take(store, number, verdict, step, again.part_id, attempt))
            case "feedback" if ids:
                standing.append(store.give_feedback(ids[choice % len(ids)], word))
            case "withdraw" if standing:
                store.withdraw_feedback(standing.pop(choice % len(standing)))


def _take(
    store: Store, number: int, verdict: Verdict, source: str, part_id: str, attempt: int
) -> int:
    """Record a part without a file."""
    return store.record(
        inspection(
            number,
            verdict,
            keyed=False,
            source=source,
            simulated=source == "simulated",
            part_id=part_id,
            attempt=attempt,
            taken_at=NOON + timedelta(minutes=number),
        )
    )


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(_STEPS)
def test_rebuilding_gives_what_was_there(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[Any, ...]]
) -> None:
    path: Path = tmp_path_factory.mktemp("record") / "loupe.db"
    database = open_record(f"sqlite:///{path.as_posix()}", station=STATION)
    try:
        _live(Store(database, STATION), steps)
        before = _derived(database)
        reindex(database)
        assert _derived(database) == before
    finally:
        database.close()


def test_whatever_was_damaged_is_put_right(
    database: Database, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workstation.records.reindex._PAGE", 3)
    for number in range(8):
        store.record(inspection(number, taken_at=NOON + timedelta(days=number)))
    Store(database, "press 5").record(inspection(1))
    store.give_feedback(2, FeedbackVerdict.NG)
    before = _derived(database)
    with database.writing(STATION) as session:
        session.execute(delete(SearchRow).where(SearchRow.inspection_id.in_([1, 4, 8])))
        session.execute(update(SearchRow).values(final="OK", lot="another"))
        session.execute(update(HourlyCountRow).values(count=99, hour=HourlyCountRow.hour + 700))
    assert _derived(database) != before
    assert reindex(database) == 9
    assert _derived(database) == before


def test_an_empty_record_has_nothing_to_rebuild(database: Database) -> None:
    assert reindex(database) == 0
