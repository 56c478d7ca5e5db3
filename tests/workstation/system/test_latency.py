"""Percentiles are times that were really measured, over the last 200 parts."""

from workstation.system.latency import LAST_PARTS, Latencies, StageLatency


def test_nothing_is_told_before_the_first_part() -> None:
    assert Latencies().table() == ()


def test_percentiles_of_a_hundred_parts() -> None:
    latencies = Latencies()
    for ms in range(100, 0, -1):
        latencies.add({"method": float(ms), "map": 1.0})
    method, shown_map, together = latencies.table()
    assert method == StageLatency("method", 50.0, 95.0, 99.0, 100.0)
    assert shown_map == StageLatency("map", 1.0, 1.0, 1.0, 1.0)
    assert together == StageLatency("together", 51.0, 96.0, 100.0, 101.0)


def test_one_part_is_all_its_percentiles() -> None:
    latencies = Latencies()
    latencies.add({"method": 7.0})
    assert latencies.table()[0] == StageLatency("method", 7.0, 7.0, 7.0, 7.0)


def test_older_parts_are_forgotten() -> None:
    latencies = Latencies()
    latencies.add({"method": 1000.0})
    for _ in range(LAST_PARTS):
        latencies.add({"method": 5.0})
    assert len(latencies) == LAST_PARTS
    assert latencies.table()[0].max_ms == 5.0
    latencies.clear()
    assert latencies.table() == ()
