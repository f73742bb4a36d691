"""Dynamic resources, where Pulumi's own starter for them cannot be had: the SDK's server, ended with the engine."""

import runpy

from .lifetime import end_at_interrupt, end_with_parent

if __name__ == "__main__":
    end_with_parent()
    end_at_interrupt()
    runpy.run_module("pulumi.dynamic", run_name="__main__", alter_sys=True)
