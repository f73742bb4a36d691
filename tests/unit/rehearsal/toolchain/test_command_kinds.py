"""What a remote command and a copy are: their arguments, their differences, their outputs."""

from typing import Any

import asyncssh
import pytest

from rehearsal.toolchain.command.__main__ import CommandPlugin
from rehearsal.toolchain.command.kinds import Command, CopyToRemote
from rehearsal.toolchain.command.run import quote
from rehearsal.toolchain.kind import Log
from rehearsal.toolchain.provider import StandIn
from rehearsal.toolchain.values import ASSET, SIGNATURE, UNKNOWN, secret
from tests.unit.rehearsal.toolchain.serving import Engine, Refused, urn
from tests.unit.rehearsal.toolchain.sshd import Host, connection

COMMAND = "command:remote:Command"
NO_ENVIRONMENT = {"addPreviousOutputInEnv": False}


def engine(host: Host) -> Engine:
    def make(log: Log) -> StandIn:
        return CommandPlugin(
            {COMMAND: Command(host.connect), "command:remote:CopyToRemote": CopyToRemote(host.connect)}, log
        )

    return Engine(make)


def checked(**news: Any) -> dict[str, Any]:
    answer = engine(Host()).ask("Check", urn=urn(COMMAND), news=news)
    assert "failures" not in answer
    return dict(answer["inputs"])


def created(host: Host, **news: Any) -> dict[str, Any]:
    answer = engine(host).ask("Create", urn=urn(COMMAND), properties=checked(connection=connection(), **news))
    return dict(answer["properties"])


def difference(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    return engine(Host()).ask("Diff", urn=urn(COMMAND), id="x", old_inputs=old, news=new, olds=old)


def test_a_connection_gets_its_defaults_and_is_secret_as_a_whole() -> None:
    inputs = checked(connection={"host": "h", "password": "pa55word"}, create="true")
    rest = {"host": "h", "user": "root", "port": 22, "dialErrorLimit": 10, "perDialTimeout": 15}
    assert inputs["connection"] == secret(rest | {"password": secret("pa55word")})


def test_an_argument_that_is_null_counts_as_not_given() -> None:
    given = checked(connection={"host": "h", "password": None}, update=None, triggers=["1", None])
    assert given == checked(connection={"host": "h"}, triggers=["1", None])


def test_every_mistake_is_named_at_once_with_its_place() -> None:
    news = {"connection": {"port": "22", "bogus": 1}, "create": 3, "creat": "x", "triggers": "x"}
    answer = engine(Host()).ask("Check", urn=urn(COMMAND), news=news)
    places = {failure["property"] for failure in answer["failures"]}
    assert places == {"connection.host", "connection.port", "connection.bogus", "create", "creat", "triggers"}


def test_a_mistake_never_repeats_a_secret() -> None:
    news = {"connection": {"host": "h", "password": ["pa55word"]}, "stdin": secret(["pa55word"])}
    answer = engine(Host()).ask("Check", urn=urn(COMMAND), news=news)
    assert len(answer["failures"]) == 2
    assert "pa55word" not in str(answer["failures"])


@pytest.mark.parametrize(
    ("change", "detail", "replaces"),
    [
        ({}, {}, []),
        ({"create": "b"}, {"create": "UPDATE"}, []),
        ({"stdin": secret("y")}, {"stdin": "UPDATE"}, []),
        ({"stdin": "x"}, {"stdin": "UPDATE"}, []),
        ({"stdin": UNKNOWN}, {"stdin": "UPDATE"}, []),
        ({"update": "u"}, {"update": "ADD"}, []),
        ({"environment": {"A": "1", "B.c": "2"}}, {'environment["B.c"]': "ADD"}, []),
        ({"connection": secret({"host": "other"})}, {"connection": "UPDATE"}, []),
        ({"triggers": ["1", "3", "4"]}, {"triggers[1]": "UPDATE", "triggers[2]": "ADD"}, []),  # the SDK replaces
        ({"triggers": UNKNOWN}, {"triggers": "UPDATE_REPLACE"}, ["triggers"]),
        ({"triggers": None}, {"triggers": "DELETE_REPLACE"}, ["triggers"]),
    ],
)
def test_a_change_is_told_as_by_the_real_plugin(change: Any, detail: dict[str, str], replaces: list[str]) -> None:
    old = {"connection": secret({"host": "h"}), "create": "a", "stdin": secret("x"), "environment": {"A": "1"}}
    old["triggers"] = ["1", "2"]
    answer = difference(old, old | change)
    assert {path: kind.get("kind", "ADD") for path, kind in answer.get("detailedDiff", {}).items()} == detail
    assert answer.get("replaces", []) == replaces
    assert answer["changes"] == ("DIFF_SOME" if detail else "DIFF_NONE")


def test_a_preview_runs_nothing_and_foretells_unknown_outputs() -> None:
    host = Host()
    inputs = checked(connection=connection(), create="true")
    answer = engine(host).ask("Create", urn=urn(COMMAND), properties=inputs, preview=True)
    assert answer["properties"] == inputs | {"stdout": UNKNOWN, "stderr": UNKNOWN}
    assert host.commands == []


def test_create_hands_over_stdin_and_keeps_what_was_printed() -> None:
    def program(process: asyncssh.SSHServerProcess[bytes], text: str) -> None:
        process.stdout.write(text.upper().encode() + b"\n\n")
        process.stderr.write(b"warned\n")
        process.exit(0)

    outputs = created(host := Host(program), create="convert", stdin="text")
    assert (outputs["stdout"], outputs["stderr"]) == ("TEXT\n", "warned")
    assert (host.commands, host.stdin) == (["convert"], ["text"])


def test_without_create_nothing_runs() -> None:
    assert created(host := Host(), update="u")["stdout"] == ""
    assert host.commands == []


def test_a_secret_stays_secret_in_the_outputs() -> None:
    outputs = created(Host(), create="true", stdin=secret("pa55word"))
    assert outputs["stdin"] == secret("pa55word")
    assert outputs["connection"]["value"]["privateKey"][SIGNATURE]


@pytest.mark.parametrize(("update", "ran"), [({"update": "u"}, ["u"]), ({}, ["c"]), ({"create": None}, [])])
def test_an_update_runs_update_or_else_create(update: dict[str, Any], ran: list[str]) -> None:
    state = checked(connection=connection(), create="c") | {"stdout": "before", "stderr": ""}
    host = Host()
    answer = engine(host).ask(
        "Update", urn=urn(COMMAND), olds=state, news=state | {"stdout": None} | NO_ENVIRONMENT | update
    )
    assert host.commands == ran
    assert answer["properties"]["stdout"] == ("done" if ran else "before")


@pytest.mark.parametrize(
    ("change", "known"), [({"create": "d"}, False), ({"stdin": UNKNOWN}, False), ({"update": "u"}, True)]
)
def test_an_update_s_preview_knows_outputs_only_while_old_inputs_stand(change: dict[str, Any], known: bool) -> None:
    inputs = checked(connection=connection(), create="c", stdin="x")
    state = inputs | {"stdout": "before", "stderr": ""}
    answer = engine(Host()).ask("Update", urn=urn(COMMAND), olds=state, news=inputs | change, preview=True)
    assert (answer["properties"]["stdout"] == "before") is known


def test_delete_uses_the_stdin_that_the_resource_had_last() -> None:
    host = Host()
    state = checked(connection=connection(), create="c", delete="d", stdin=secret("old"))
    engine(host).ask("Delete", urn=urn(COMMAND), properties=state | {"stdout": "", "stderr": ""})
    assert (host.commands, host.stdin) == (["d"], ["old"])


def test_a_refresh_returns_what_is_recorded() -> None:
    state = {"create": "c", "stdout": "x", "stderr": ""}
    answer = engine(Host()).ask("Read", urn=urn(COMMAND), id="x", properties=state, inputs={"create": "c"})
    assert (answer["properties"], answer["inputs"]) == (state, {"create": "c"})


def test_a_type_of_the_real_plugin_alone_is_refused_with_the_line_that_installs_it() -> None:
    with pytest.raises(Refused, match=r"install the real one: pulumi plugin install resource command 1.2.1$"):
        engine(Host()).ask("Check", urn=urn("command:local:Command"), news={"create": "true"})


def test_a_function_of_the_real_plugin_is_refused_with_the_line_that_installs_it() -> None:
    with pytest.raises(Refused, match=r"pulumi plugin install resource command 1.2.1$"):
        engine(Host()).ask("Invoke", tok="command:local:run")


def test_a_command_is_quoted_as_by_the_real_plugin() -> None:
    assert quote('echo "a\tb" \\ ä \x01\x7f\n') == '"echo \\"a\\tb\\" \\\\ ä \\x01\\x7f\\n"'


@pytest.mark.parametrize(
    ("source", "place"),
    [
        ({SIGNATURE: ASSET, "uri": "https://host.example/x"}, "asset"),
        ({SIGNATURE: "0def7320c3a5731c473e5ecbe6d01bc7", "assets": {}}, "archive"),
    ],
)
def test_a_copy_s_source_is_a_file_a_text_or_a_folder(source: dict[str, Any], place: str) -> None:
    news = {"connection": connection(), "source": source, "remotePath": "/x"}
    answer = engine(Host()).ask("Check", urn=urn("command:remote:CopyToRemote"), news=news)
    assert [failure["property"] for failure in answer["failures"]] == [place]
