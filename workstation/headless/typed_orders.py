"""Triggers typed on the standard input, as a scanner at the station types them: one a line."""

from __future__ import annotations

import logging
import os
import threading

from engine.sources.orders import Orders

log = logging.getLogger(__name__)

_CHUNK = 4096


def trigger_by_lines(orders: Orders, *, descriptor: int = 0) -> threading.Thread:
    """Ask for one picture per line, from now on until the input ends.

    What stands on the line is the part's code; an empty line gives it none. A line that is never
    ended asks for nothing. The thread ends with the input or with the process.

    Parameters
    ----------
    orders
        The running source's; may be used from any thread.
    descriptor
        The open file to read; 0 is the standard input. Read past `sys.stdin`, whose lock a
        thread that waits would still hold when the interpreter ends.
    """
    thread = threading.Thread(
        target=_read, args=(orders, descriptor), name="typed triggers", daemon=True
    )
    thread.start()
    return thread


def _read(orders: Orders, descriptor: int) -> None:
    typed = b""
    while True:
        try:
            more = os.read(descriptor, _CHUNK)
        except OSError as error:
            log.warning("No trigger can be typed any more: %s", error)
            return
        if not more:
            log.info("The standard input has ended: no trigger can be typed any more")
            return
        *lines, typed = (typed + more).split(b"\n")
        for line in lines:
            code = line.decode(errors="replace").strip()
            if code:
                orders.scan(code)
            orders.trigger()
