"""A language host for stacks in Python: the engine starts it to run the program if Pulumi's own is not available.

Serves pulumirpc.LanguageRuntime. Like Pulumi's own it runs the program as a child process, which gets its whole
decrypted configuration in one environment string; Linux takes at most 128 KiB in one. Unsupported
operations (converting, packing, plugins in Python, a debugger) are refused as unimplemented.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from importlib.metadata import version
from pathlib import Path

import grpc
from google.protobuf import empty_pb2, json_format

from .environment import Environment
from .interpreter import Interpreter, ProgramError, interpreter
from .lifetime import end_with_parent
from .protocol import language_pb2, language_pb2_grpc, plugin_pb2

# How long a program may take to end after it has been interrupted, as with Pulumi's own host.
GRACE = 5.0

EXECUTOR = Path(__file__).with_name("program.py")
# The exit status by which it says that the engine knows its error. It is not imported, since it loads the whole SDK.
REPORTED = 32

Child = subprocess.Popen[bytes]


class LanguageHost(language_pb2_grpc.LanguageRuntimeServicer):
    """The service; `engine` is the address of the engine that started it."""

    def __init__(self, engine: str, executor: Path = EXECUTOR) -> None:
        self._engine = engine
        self._executor = executor
        self._running: set[Child] = set()
        self._environments: dict[Path, Environment] = {}

    def Handshake(
        self, request: language_pb2.LanguageHandshakeRequest, context: grpc.ServicerContext
    ) -> language_pb2.LanguageHandshakeResponse:
        """Store the engine's address."""
        self._engine = request.engine_address
        return language_pb2.LanguageHandshakeResponse()

    def GetPluginInfo(self, request: empty_pb2.Empty, context: grpc.ServicerContext) -> plugin_pb2.PluginInfo:
        """Our version is that of the SDK whose protocol we use."""
        return plugin_pb2.PluginInfo(version=version("pulumi"))

    def GetRequiredPackages(
        self, request: language_pb2.GetRequiredPackagesRequest, context: grpc.ServicerContext
    ) -> language_pb2.GetRequiredPackagesResponse:
        """The plugins that the packages in the program's Python need, each with its version."""
        with refusing(context):
            packages = self._environment(request.info)["packages"]
        wanted = [package["plugin"] for package in packages if package["plugin"] is not None]
        return language_pb2.GetRequiredPackagesResponse(
            packages=[
                plugin_pb2.PackageDependency(
                    kind="resource", name=plugin["name"], version=f"v{plugin['version']}", server=plugin["server"]
                )
                for plugin in wanted
            ]
        )

    def GetProgramDependencies(
        self, request: language_pb2.GetProgramDependenciesRequest, context: grpc.ServicerContext
    ) -> language_pb2.GetProgramDependenciesResponse:
        """The packages in the program's Python; without `transitiveDependencies` only those that no other one needs."""
        with refusing(context):
            packages = self._environment(request.info)["packages"]
        return language_pb2.GetProgramDependenciesResponse(
            dependencies=[
                language_pb2.DependencyInfo(name=package["name"], version=package["version"])
                for package in packages
                if request.transitiveDependencies or not package["required"]
            ]
        )

    def About(self, request: language_pb2.AboutRequest, context: grpc.ServicerContext) -> language_pb2.AboutResponse:
        """The program's Python."""
        with refusing(context):
            found = self._environment(request.info)
        return language_pb2.AboutResponse(executable=found["executable"], version=found["version"])

    def _environment(self, info: language_pb2.ProgramInfo) -> Environment:
        """The program's Python and packages; the engine asks several times in a run, and each answer takes a while."""
        python = chosen(info)
        if python.python not in self._environments:
            self._environments[python.python] = python.environment()
        return self._environments[python.python]

    def InstallDependencies(
        self, request: language_pb2.InstallDependenciesRequest, context: grpc.ServicerContext
    ) -> Iterator[language_pb2.InstallDependenciesResponse]:
        """Refused: only the project's own set-up installs packages."""
        context.abort(grpc.StatusCode.UNIMPLEMENTED, "this language host installs nothing; run `make setup` instead")
        yield from ()

    def RuntimeOptionsPrompts(
        self, request: language_pb2.RuntimeOptionsRequest, context: grpc.ServicerContext
    ) -> language_pb2.RuntimeOptionsResponse:
        """A new project has no options to ask for."""
        return language_pb2.RuntimeOptionsResponse()

    def Run(self, request: language_pb2.RunRequest, context: grpc.ServicerContext) -> language_pb2.RunResponse:
        """Run the program to its end."""
        if request.attach_debugger:
            context.abort(grpc.StatusCode.UNIMPLEMENTED, "this language host, a stand-in, does not support a debugger")
        with refusing(context):
            python = chosen(request.info)
        command = [str(python.python), "-P", str(self._executor)]
        try:
            return self._run(command, arguments(request, self._engine), configured(python.environ, request), context)
        except OSError as problem:
            reason = problem.strerror or str(problem)
            return language_pb2.RunResponse(
                error=f"problem executing program (could not run {python.python}): {reason.lower()}"
            )

    def _run(
        self, command: list[str], options: list[str], environ: Mapping[str, str], context: grpc.ServicerContext
    ) -> language_pb2.RunResponse:
        """Run a child that ends with the call, and with this process however that ends: it watches a pipe."""
        lifeline, held = os.pipe()
        with os.fdopen(held, "wb"), os.fdopen(lifeline, "rb"):
            child = subprocess.Popen(
                [*command, f"--lifeline={lifeline}", *options],
                env=environ,
                stdin=subprocess.DEVNULL,
                pass_fds=[lifeline],
            )
            self._running.add(child)
            if not context.add_callback(lambda: interrupt(child)):
                interrupt(child)  # the call ended while the child began
            status = child.wait()
            self._running.discard(child)
        return response(status)

    def Cancel(self, request: empty_pb2.Empty, context: grpc.ServicerContext) -> empty_pb2.Empty:
        """End every program."""
        self.interrupt()
        return empty_pb2.Empty()

    def interrupt(self) -> None:
        """End every program as by Ctrl-C."""
        for child in list(self._running):
            interrupt(child)


def chosen(info: language_pb2.ProgramInfo) -> Interpreter:
    """The Python for a program."""
    options = json_format.MessageToDict(info.options)
    return interpreter(Path(info.root_directory), options, os.environ)


@contextmanager
def refusing(context: grpc.ServicerContext) -> Iterator[None]:
    """Answer the call with the text of a ProgramError; with this code the engine shows only the text."""
    try:
        yield
    except ProgramError as problem:
        context.abort(grpc.StatusCode.UNKNOWN, str(problem))


def arguments(request: language_pb2.RunRequest, engine: str) -> list[str]:
    """The command line of program.py for this run."""
    named = {
        "project": request.project,
        "stack": request.stack,
        "organization": request.organization,
        "root_directory": request.info.root_directory,
        "monitor": request.monitor_address,
        "engine": engine,
        "pwd": request.pwd,
        "parallel": str(request.parallel),
    }
    options = [f"--{name}={value}" for name, value in named.items() if value]
    return [*options, *(["--dry_run"] if request.dryRun else []), request.info.entry_point, *request.args]


def configured(environ: Mapping[str, str], request: language_pb2.RunRequest) -> dict[str, str]:
    """The child's environment: the whole decrypted configuration in one string, as the SDK reads it."""
    config = json.dumps(dict(request.config), ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    # As Go writes these three; otherwise the string might be below Linux's limit where the real one is above it.
    config = config.replace("<", r"\u003c").replace(">", r"\u003e").replace("&", r"\u0026")
    secrets = json.dumps(list(request.configSecretKeys))
    return {**environ, "PULUMI_CONFIG": config, "PULUMI_CONFIG_SECRET_KEYS": secrets}


def response(status: int) -> language_pb2.RunResponse:
    """The response for a program's exit status; a program that has reported its error gets no second one."""
    if status == REPORTED:
        return language_pb2.RunResponse(bail=True)
    if status < 0:
        return language_pb2.RunResponse(error=f"program was ended by signal {-status}")
    return language_pb2.RunResponse(error=f"program exited with non-zero exit code: {status}" if status else "")


def interrupt(child: Child) -> None:
    """End a program as by Ctrl-C, and by force after GRACE seconds; does nothing if it has ended."""
    if child.poll() is None:
        child.send_signal(signal.SIGINT)
        try:
            child.wait(GRACE)
        except subprocess.TimeoutExpired:
            child.kill()


def serve(engine: str) -> None:
    """Serve on a loopback port, printed on standard output, until interrupted or the engine is gone."""
    end_with_parent()
    server = grpc.server(ThreadPoolExecutor(max_workers=8), options=[("grpc.max_receive_message_length", -1)])
    host = LanguageHost(engine)
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(host, server)
    print(server.add_insecure_port("127.0.0.1:0"), flush=True)
    server.start()
    # An interrupt is how the engine ends its plugins.
    with suppress(KeyboardInterrupt):
        server.wait_for_termination()
    host.interrupt()
    server.stop(grace=None)


if __name__ == "__main__":
    serve(sys.argv[-1] if len(sys.argv) > 1 else "")
