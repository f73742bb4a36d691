"""The program of a stack, run in its own Python by the language host: this file needs the pulumi package and no other.

Exit status 0: success; 32: it failed and the error was reported to the engine; other: it failed otherwise.
"""

import argparse
import asyncio
import logging
import os
import runpy
import signal
import sys
import threading
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

REPORTED = 32

try:
    import pulumi
    import pulumi.runtime
except ImportError:
    sys.exit(f"{sys.executable} has no Pulumi SDK; install the project's packages into it, or name another virtualenv")


def arguments() -> argparse.Namespace:
    """The language host's arguments; `lifeline` is the descriptor that closes when the host ends."""
    parser = argparse.ArgumentParser()
    for name in ("project", "stack", "organization", "root_directory", "monitor", "engine", "pwd"):
        parser.add_argument(f"--{name}")
    parser.add_argument("--dry_run", action="store_true")
    parser.add_argument("--parallel", type=int, default=1)
    parser.add_argument("--lifeline", type=int, required=True)
    parser.add_argument("program")
    parser.add_argument("arguments", nargs=argparse.REMAINDER)
    return parser.parse_args()


def end_with_the_host(lifeline: int) -> None:
    """Wait until the host ends, however it ends, and end too: no program runs without a language host."""
    os.read(lifeline, 1)
    os._exit(1)


def end_at_interrupt() -> None:
    """End at once and without a traceback: the engine has already reported why it interrupts."""
    signal.signal(signal.SIGINT, lambda _number, _frame: os._exit(130))


def configure(options: argparse.Namespace) -> None:
    """Give the SDK its settings and the configuration from the environment."""
    pulumi.runtime.set_all_config(pulumi.runtime.get_config_env(), list(pulumi.runtime.get_config_secret_keys_env()))
    pulumi.runtime.configure(
        pulumi.runtime.Settings(
            project=options.project,
            stack=options.stack,
            organization=options.organization,
            root_directory=options.root_directory,
            monitor=options.monitor,
            engine=options.engine,
            dry_run=options.dry_run,
            parallel=options.parallel,
        )
    )


def run(program: str, parallel: int) -> int:
    """Run the program to its end, all its resources included; the exit status."""
    # Tasks left by a failing program are covered by its own error.
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    with ThreadPoolExecutor(max_workers=max(parallel, 1) * 4) as workers:
        loop.set_default_executor(workers)
        try:
            loop.run_until_complete(pulumi.runtime.run_in_stack(lambda: start(program)))
        except pulumi.RunError as problem:
            pulumi.log.error(str(problem))
            return 1
        except Exception as problem:
            pulumi.log.error(f"Program failed with an unhandled exception:\n{traceback_from(program, problem)}")
            return REPORTED
    return 0


def start(program: str) -> None:
    """Run a file, or a directory's `__main__.py`, as Python itself would."""
    if Path(program).is_dir() and not Path(program, "__main__.py").exists():
        pulumi.log.error(f"unable to find main python program `__main__.py` in `{Path(program).absolute()}`")
        sys.exit(REPORTED)
    runpy.run_path(program, run_name="__main__")


def traceback_from(program: str, problem: Exception) -> str:
    """The traceback from the program's own first line, without the frames that run it."""
    main = Path(program, "__main__.py") if Path(program).is_dir() else Path(program)
    frames = problem.__traceback__
    while frames is not None and Path(frames.tb_frame.f_code.co_filename).absolute() != main.absolute():
        frames = frames.tb_next
    return "".join(traceback.format_exception(problem.with_traceback(frames or problem.__traceback__)))


def main() -> int:
    """Run the program that the command line names."""
    options = arguments()
    threading.Thread(target=end_with_the_host, args=(options.lifeline,), daemon=True).start()
    end_at_interrupt()
    configure(options)
    sys.argv = [options.program, *options.arguments]
    if options.pwd:
        os.chdir(options.pwd)
    return run(options.program, options.parallel)


if __name__ == "__main__":
    sys.exit(main())
