"""The stand-in language host over its real protocol, with a program of the test's instead of Pulumi's SDK."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import grpc
import pytest
from google.protobuf import empty_pb2
from pulumi.runtime.proto import language_pb2
from pulumi.runtime.proto.language_pb2_grpc import LanguageRuntimeStub, add_LanguageRuntimeServicer_to_server

from rehearsal.toolchain import language, program

DUMP = """
import json, os, sys
names = ("PULUMI_CONFIG", "PULUMI_CONFIG_SECRET_KEYS")
json.dump({"argv": sys.argv[2:], "env": {name: os.environ[name] for name in names}}, open("SEEN", "w"))
"""


class Rig:
    """A language host whose programs are run by a script of the test's."""

    def __init__(self, folder: Path, stub: LanguageRuntimeStub) -> None:
        self.folder = folder
        self.stub = stub
        self.seen = folder / "seen"

    def program(self, script: str) -> None:
        (self.folder / "executor.py").write_text(script.replace("SEEN", str(self.seen)))

    def request(self, **more: object) -> language_pb2.RunRequest:
        info = language_pb2.ProgramInfo(root_directory=str(self.folder), entry_point=".")
        return language_pb2.RunRequest(info=info, **more)  # type: ignore[arg-type]

    def run(self, script: str, **more: object) -> language_pb2.RunResponse:
        self.program(script)
        response: language_pb2.RunResponse = self.stub.Run(self.request(**more))
        return response

    def started(self) -> int:
        """The program's process id, as soon as it has written it."""
        for _ in range(100):
            if self.seen.exists() and self.seen.read_text():
                return int(self.seen.read_text())
            time.sleep(0.05)
        raise AssertionError("the program did not start")


SLEEP = "import os, time; open('SEEN', 'w').write(str(os.getpid())); time.sleep(30)"


@pytest.fixture
def rig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rig]:
    monkeypatch.setenv("PULUMI_PYTHON_CMD", sys.executable)
    server = grpc.server(ThreadPoolExecutor(max_workers=4))
    host = language.LanguageHost("127.0.0.1:1", tmp_path / "executor.py")
    add_LanguageRuntimeServicer_to_server(host, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield Rig(tmp_path, LanguageRuntimeStub(channel))
    host.interrupt()
    server.stop(None)


def gone(process: int) -> bool:
    """Whether a process has ended within twice the grace that an interrupted program has."""
    for _ in range(round(2 * language.GRACE / 0.05)):
        try:
            if " Z " in Path(f"/proc/{process}/stat").read_text():
                return True
        except FileNotFoundError:
            return True
        time.sleep(0.05)
    return False


def test_the_whole_configuration_is_one_environment_string_and_in_no_argument(rig: Rig) -> None:
    config = {"lab:zone": "lab.example", "lab:key": 'se"cret'}
    assert rig.run(DUMP, config=config, configSecretKeys=["lab:key"]) == language_pb2.RunResponse()
    seen = json.loads(rig.seen.read_text())
    assert json.loads(seen["env"]["PULUMI_CONFIG"]) == config
    assert json.loads(seen["env"]["PULUMI_CONFIG_SECRET_KEYS"]) == ["lab:key"]
    assert not any("cret" in argument for argument in seen["argv"])


def test_the_configuration_is_as_long_as_the_real_host_makes_it(rig: Rig) -> None:
    rig.run(DUMP, config={"lab:b": "<&>", **dict.fromkeys("hgfedc", ""), "lab:a": "é"})
    text = r'{"c":"","d":"","e":"","f":"","g":"","h":"","lab:a":"é","lab:b":"\u003c\u0026\u003e"}'
    assert json.loads(rig.seen.read_text())["env"]["PULUMI_CONFIG"] == text


def test_a_configuration_over_128_kib_is_an_error_as_with_the_real_host(rig: Rig) -> None:
    assert rig.run("", config={"lab:a": "x" * 130_000}).error == ""
    assert "argument list too long" in rig.run("", config={"lab:a": "x" * 132_000}).error


def test_the_program_is_told_of_its_run(rig: Rig) -> None:
    rig.run(DUMP, project="labvpn", stack="lab", dryRun=True, parallel=7, monitor_address="127.0.0.1:2", pwd="/")
    options = json.loads(rig.seen.read_text())["argv"]
    assert options[-2:] == ["--dry_run", "."]
    assert {"--project=labvpn", "--stack=lab", "--parallel=7", "--monitor=127.0.0.1:2", "--engine=127.0.0.1:1"} < {
        *options
    }


@pytest.mark.parametrize(
    ("script", "error", "bail"),
    [
        ("", "", False),
        ("raise SystemExit(32)", "", True),
        ("raise SystemExit(3)", "program exited with non-zero exit code: 3", False),
        ("import os; os.kill(os.getpid(), 9)", "program was ended by signal 9", False),
    ],
)
def test_an_exit_status_is_told_once(rig: Rig, script: str, error: str, bail: bool) -> None:
    assert rig.run(script) == language_pb2.RunResponse(error=error, bail=bail)


def test_cancel_ends_the_program(rig: Rig) -> None:
    rig.program(SLEEP)
    call = rig.stub.Run.future(rig.request())
    process = rig.started()
    rig.stub.Cancel(empty_pb2.Empty())
    assert call.result(timeout=10).error != ""
    assert gone(process)


def test_a_program_that_ignores_the_interrupt_is_killed(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(language, "GRACE", 0.2)
    rig.program("import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)\n" + SLEEP)
    call = rig.stub.Run.future(rig.request())
    rig.started()
    rig.stub.Cancel(empty_pb2.Empty())
    assert "signal 9" in call.result(timeout=10).error


def test_the_program_ends_when_the_engine_gives_up_the_call(rig: Rig) -> None:
    rig.program(SLEEP)
    call = rig.stub.Run.future(rig.request())
    process = rig.started()
    call.cancel()
    assert gone(process)


def test_a_virtual_environment_that_is_not_there_is_an_error_with_its_remedy(rig: Rig) -> None:
    request = rig.request()
    request.info.options.update({"virtualenv": "nowhere"})
    with pytest.raises(grpc.RpcError, match=r"nowhere, which is not a virtual environment; make one with"):
        rig.stub.Run(request)


def test_a_debugger_is_refused_aloud(rig: Rig) -> None:
    with pytest.raises(grpc.RpcError, match="does not support a debugger"):
        rig.run("", attach_debugger=True)


def test_installing_is_refused_with_the_command_that_does_it(rig: Rig) -> None:
    with pytest.raises(grpc.RpcError, match="make setup"):
        list(rig.stub.InstallDependencies(language_pb2.InstallDependenciesRequest()))


def test_the_packages_plugins_are_required_in_their_versions(rig: Rig) -> None:
    found = rig.stub.GetRequiredPackages(language_pb2.GetRequiredPackagesRequest()).packages
    wanted = {package.name: package for package in found}
    assert {"command", "fortios"} <= set(wanted)
    assert wanted["command"].version.startswith("v1.") and wanted["command"].kind == "resource"
    assert wanted["fortios"].server.startswith("github://")


def test_dependencies_leave_out_what_another_package_brings(rig: Rig) -> None:
    def names(transitive: bool) -> set[str]:
        request = language_pb2.GetProgramDependenciesRequest(transitiveDependencies=transitive)
        return {each.name for each in rig.stub.GetProgramDependencies(request).dependencies}

    assert {"pulumi", "grpcio"} <= names(True)
    assert "grpcio" not in names(False) and names(False) < names(True)


def test_about_names_the_programs_python(rig: Rig) -> None:
    about = rig.stub.About(language_pb2.AboutRequest())
    assert Path(about.executable).samefile(sys.executable)
    assert about.version == ".".join(map(str, sys.version_info[:3]))


@pytest.fixture
def parent(rig: Rig) -> Iterator[subprocess.Popen[str]]:
    """A process that, like the engine, starts the language host; it says the host's process id, the host its port."""
    script = "import subprocess, sys, time; child = subprocess.Popen(sys.argv[1:]); print(child.pid); time.sleep(30)"
    command = [sys.executable, "-u", "-c", script, sys.executable, "-m", "rehearsal.toolchain.language", "127.0.0.1:1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


def child_of(process: int) -> int:
    """The process id of a child, as soon as there is one."""
    for _ in range(100):
        for status in Path("/proc").glob("[0-9]*/stat"):
            with suppress(FileNotFoundError, ProcessLookupError):
                if status.read_text().rpartition(")")[2].split()[1] == str(process):
                    return int(status.parent.name)
        time.sleep(0.05)
    raise AssertionError("the program did not start")


def test_no_host_and_no_program_outlives_an_engine_that_was_killed(parent: subprocess.Popen[str], rig: Rig) -> None:
    assert parent.stdout is not None
    host, port = int(parent.stdout.readline()), int(parent.stdout.readline())
    with socket.create_server(("127.0.0.1", 0)) as silent, grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        monitor = f"127.0.0.1:{silent.getsockname()[1]}"
        call = LanguageRuntimeStub(channel).Run.future(rig.request(monitor_address=monitor, parallel=1))
        program = child_of(host)
        parent.kill()
        assert gone(host) and gone(program)
        assert call.exception(timeout=5) is not None


def test_program_and_host_agree_on_the_status_of_an_error_that_was_reported() -> None:
    assert language.REPORTED == program.REPORTED
