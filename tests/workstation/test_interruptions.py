"""Signals, errors nobody expected, and Qt's own messages."""

from __future__ import annotations

import logging
import os
import signal
import sys

import pytest
from PySide6.QtCore import qCritical, qInstallMessageHandler, qWarning

from workstation.interruptions import ending_on_signals, logging_qt, telling_unexpected

needs_signals = pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")


@needs_signals
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_is_told_by_its_name(name: str) -> None:
    number, told = signal.Signals[name], list[str]()
    before = signal.signal(number, signal.SIG_DFL)  # whatever the suite was started under
    try:
        with ending_on_signals(told.append):
            signal.raise_signal(number)
            signal.raise_signal(number)
        assert told == [name, name]
        assert signal.getsignal(number) is signal.SIG_DFL
    finally:
        signal.signal(number, before)


@needs_signals
def test_a_signal_that_is_ignored_stays_so() -> None:
    before, told = signal.signal(signal.SIGHUP, signal.SIG_IGN), list[str]()
    try:
        with ending_on_signals(told.append):
            signal.raise_signal(signal.SIGHUP)
        assert told == []
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_what_qt_says_is_logged_and_failures_are_told(caplog: pytest.LogCaptureFixture) -> None:
    told: list[str] = []
    nobody = qInstallMessageHandler(None)
    qInstallMessageHandler(nobody)
    with caplog.at_level(logging.INFO), logging_qt(told.append):
        qWarning("a cable is loose")
        assert told == []
        qCritical("a cable is out")
    assert "a cable is loose" in caplog.text and "a cable is out" in caplog.text
    assert len(told) == 1 and "a cable is out" in told[0]
    assert qInstallMessageHandler(nobody) == nobody, "the former handler is back"


def test_an_unexpected_error_is_logged_and_told(caplog: pytest.LogCaptureFixture) -> None:
    told: list[str] = []
    before = sys.excepthook
    with telling_unexpected(told.append):
        error = RuntimeError("a wire came loose")
        sys.excepthook(RuntimeError, error, None)
    assert "RuntimeError: a wire came loose" in told[0]
    assert "an error nobody expected" in caplog.text
    assert sys.excepthook is before
