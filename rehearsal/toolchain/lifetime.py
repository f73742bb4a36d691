"""Ending the processes that the engine starts: at once on request, and also if it was killed."""

import os
import signal
import threading
import time


def end_at_interrupt() -> None:
    """Make this process end at once and silently when the engine interrupts it.

    The engine ends its plugins one after the other and has five seconds for all of them (ReleaseContext in its
    host/host.go); a process that is not asked in time is reported as a crash. So the kernel ends it,
    which on a busy machine is faster than a handler.
    """
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def end_with_parent() -> None:
    """Make this process end within a second of its parent, however that ended."""
    threading.Thread(target=_watch, args=(os.getppid(),), daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)
