"""A reader that stalls or goes away holds nobody up."""

from __future__ import annotations

import io
import os
import queue
import threading

import pytest

from workstation.headless import output as output_module
from workstation.headless.output import PatientOutput

PATIENCE_S = 20


@pytest.fixture
def lost() -> queue.Queue[str]:
    return queue.Queue()


def test_all_is_written_in_order(lost: queue.Queue[str]) -> None:
    stream = io.StringIO()
    out = PatientOutput(stream, lost=lost.put)
    for number in range(200):
        out.write(f"{number}\n")
    out.finish()
    assert stream.getvalue() == "".join(f"{number}\n" for number in range(200))
    assert not out.behind and lost.empty()


def test_a_reader_that_stalls_gets_all_of_it_later(lost: queue.Queue[str]) -> None:
    read, write = os.pipe()
    text = "one part\n" * 100_000  # far more than a pipe takes
    with os.fdopen(write, "w") as stream, os.fdopen(read) as reader:
        out = PatientOutput(stream, lost=lost.put)
        out.write(text)
        assert out.behind
        assert reader.read(len(text)) == text
        out.finish()
    assert lost.empty()


def test_a_reader_that_never_reads_is_given_up(
    lost: queue.Queue[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(output_module, "PATIENCE_S", 0.01)
    read, write = os.pipe()
    with os.fdopen(write, "w") as stream:
        out = PatientOutput(stream, lost=lost.put)
        while lost.empty():
            out.write("x" * 100_000)
        assert "nobody reads it" in lost.get()
        out.write("more")
        out.finish()
        assert lost.empty(), "once"
        os.close(read)  # the thread that waits in the pipe ends


def test_a_reader_that_has_gone_is_said(lost: queue.Queue[str]) -> None:
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w") as stream:
        out = PatientOutput(stream, lost=lost.put)
        out.write("part")
        assert "cannot be written" in lost.get(timeout=PATIENCE_S)
        out.finish()


def test_its_thread_ends(lost: queue.Queue[str]) -> None:
    before = threading.active_count()
    out = PatientOutput(io.StringIO(), lost=lost.put)
    out.write("part")
    out.finish()
    out._thread.join(PATIENCE_S)
    assert threading.active_count() == before
