"""The end of what the engine starts: at once when it asks, and also where it was killed and could not ask."""

import os
import signal
import threading
import time
from types import FrameType


def end_at_interrupt() -> None:
    """Have this process end at once and without a word when the engine interrupts it.

    The engine ends its plugins one after the other and has five seconds for all of them (ReleaseContext in its
    host/host.go); whoever is not asked within them is reported as a crash.
    """

    def end(number: int, frame: FrameType | None) -> None:
        os._exit(0)

    signal.signal(signal.SIGINT, end)


def end_with_parent() -> None:
    """Have this process end within a second of its parent, however that ended."""
    threading.Thread(target=_watch, args=(os.getppid(),), daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)
