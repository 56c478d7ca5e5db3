"""How a row becomes bytes: different rows, different bytes; the same row, always the same."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from workstation.records.chain import GENESIS, canonical, link, storable_text
from workstation.records.hashed_columns import COLUMNS, NEWEST

_VALUES = {
    b"i": st.integers(-(2**63), 2**63 - 1),
    b"f": st.floats(allow_nan=False),
    b"t": st.text(max_size=8),
}


def _rows(table: str) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {name: st.none() | _VALUES[letter] for name, (letter, _) in COLUMNS[1][table]}
    )


def _same(left: Any, right: Any) -> bool:
    # 0.0 and -0.0 are equal and yet two values.
    return str(left) == str(right) and type(left) is type(right)


@given(_rows("feedback"), _rows("feedback"))
def test_different_rows_give_different_bytes(left: dict[str, Any], right: dict[str, Any]) -> None:
    same = all(_same(left[name], right[name]) for name in left)
    bytes_left = canonical("feedback", left, version=1)
    assert (bytes_left == canonical("feedback", right, version=1)) == same


@given(_rows("inspection"), st.data())
def test_any_one_change_is_seen(row: dict[str, Any], data: st.DataObject) -> None:
    name, (letter, _) = data.draw(st.sampled_from(COLUMNS[1]["inspection"]))
    value = data.draw(st.none() | _VALUES[letter])
    changed = {**row, name: value}
    before = canonical("inspection", row, version=1)
    assert (canonical("inspection", changed, version=1) == before) == _same(row[name], value)


@given(st.text(max_size=5), st.text(max_size=5), st.text(max_size=5), st.text(max_size=5))
def test_text_cannot_move_from_one_column_to_the_next(a: str, b: str, c: str, d: str) -> None:
    def row(kind: str, detail: str) -> dict[str, Any]:
        values: dict[str, Any] = dict.fromkeys(name for name, _ in COLUMNS[1]["event"])
        return {**values, "kind": kind, "detail": detail}

    same = (a, b) == (c, d)
    left, right = (canonical("event", row(*pair), version=1) for pair in ((a, b), (c, d)))
    assert (left == right) == same


def test_absent_is_not_empty_and_tables_differ() -> None:
    empty: dict[str, Any] = dict.fromkeys(name for name, _ in COLUMNS[1]["event"])
    assert canonical("event", empty, version=1) != canonical(
        "event", {**empty, "detail": ""}, version=1
    )
    feedback: dict[str, Any] = dict.fromkeys(name for name, _ in COLUMNS[1]["feedback"])
    assert (
        canonical("feedback", feedback, version=1)[:20] != canonical("event", empty, version=1)[:20]
    )


def test_version_1_never_changes() -> None:
    """These hashes stand in records in the field: if this fails, old chains no longer verify."""
    event = {
        "station": "press 4", "seq": 1, "id": 1, "happened_at": 1_772_452_800_123_456,
        "person": "local", "kind": "started", "detail": "{}",
    }  # fmt: skip
    inspection: dict[str, Any] = dict.fromkeys(name for name, _ in COLUMNS[1]["inspection"])
    inspection |= {"station": "prüf 1", "seq": 2, "id": 1, "score": 0.1, "simulated": True}
    first = link(GENESIS, "event", event, version=1)
    second = link(first, "inspection", inspection, version=1)
    assert first == "f46156e0842c12ebc98fa1e052b333fb27ff86f2e56681eafafcea75a2301534"
    assert second == "7774c0934bbcb014b55385e2afb51d05a7fe4d47846c4fc93f750e4d9f8298e9"


def test_version_2_never_changes() -> None:
    """The same for the tables that version 2 changed or brought."""
    inspection: dict[str, Any] = dict.fromkeys(name for name, _ in COLUMNS[2]["inspection"])
    inspection |= {"station": "prüf 1", "seq": 1, "id": 1, "score": 0.1, "health": "{}"}
    standstill = {
        "station": "prüf 1", "seq": 2, "id": 1, "began_at": 1_772_452_800_123_456,
        "ended_at": 1_772_452_900_000_000, "reason": "stopped", "detail": "", "person": "local",
    }  # fmt: skip
    first = link(GENESIS, "inspection", inspection, version=2)
    second = link(first, "not_inspecting", standstill, version=2)
    assert first == "808d89879fa46a3bba0d108473f032091fbc06ff1b8a5072b0c8d5f3c12effa1"
    assert second == "24489bfe1cf00b4b063929cc895f706d3772531818dc9202dd7ba8cfaecc055d"


def test_only_changed_tables_have_a_new_version() -> None:
    assert NEWEST == {
        "inspection": 2, "feedback": 1, "picture": 1, "event": 1, "not_inspecting": 2,
    }  # fmt: skip


@given(st.text(st.characters(codec=None), max_size=20))
def test_any_text_can_be_stored_and_plain_text_stays(text: str) -> None:
    stored = storable_text(text)
    stored.encode()
    assert "\0" not in stored
    assert storable_text(stored) == stored
