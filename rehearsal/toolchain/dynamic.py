"""Dynamic resources if Pulumi's own launcher is not available: the SDK's server, which ends with the engine."""

import runpy

from .lifetime import end_at_interrupt, end_with_parent

if __name__ == "__main__":
    end_with_parent()
    end_at_interrupt()
    runpy.run_module("pulumi.dynamic", run_name="__main__", alter_sys=True)
