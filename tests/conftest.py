"""What holds for every test: no display, one thread per mathematical library, and Ctrl-C."""

from __future__ import annotations

import os
import signal

# Before anything imports Qt or torch. Threads that wait for each other on a busy machine turn an
# inspection of 5 ms into one of 600 ms.
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("OMP_NUM_THREADS", "1")

# A shell starts what runs in the background deaf to Ctrl-C, and its children too: a test that ends
# a program so would wait for ever.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
