"""The end of what the engine starts: at once when it asks, and also where it was killed and could not ask."""

import os
import signal
import threading
import time


def end_at_interrupt() -> None:
    """Have this process end at once and without a word when the engine interrupts it.

    The engine ends its plugins one after the other and has five seconds for all of them (ReleaseContext in its
    host/host.go); whoever is not asked within them is reported as a crash. So the kernel ends it, which on a busy
    machine comes before any handler of ours would.
    """
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def end_with_parent() -> None:
    """Have this process end within a second of its parent, however that ended."""
    threading.Thread(target=_watch, args=(os.getppid(),), daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)
