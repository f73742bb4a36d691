"""`make lab` prints each message of the engine once, and names the outputs."""

from __future__ import annotations

from rehearsal.engine_output import WIDTH, EngineOutput, joined, named

PREVIEW = """\
Previewing update (lab):
@ previewing update....
 +  pulumi:pulumi:Stack labvpn-lab create
 +  labvpn:index:Name name create warning: the zone is signed
Diagnostics:
  labvpn:index:SoftEther (vpn):
    + user LAB/guest1
    + user LAB/guest2

  labvpn:index:Name (name):
    warning: the zone is signed

Outputs:
    address: [unknown]

Resources:
    + 2 to create
"""
UP = """\
Updating (lab):
@ updating....
 +  command:remote:Command vpn-hub creating (0s)
 +  command:remote:Command vpn-hub creating (0s) warning: the zone is signed
 +  pulumi-python:dynamic:Resource vpn-hub-state created (0.02s)
 +  command:remote:Command vpn-hub created (1s)
Diagnostics:
  labvpn:index:Name (name):
    warning: the zone is signed
    vpn.lab.example: ns1 shows the change

Outputs:
    address : "203.0.113.20"
    ports   : {
        tcp: [
            [0]: 443
        ]
    }

Resources:
    + 2 created

Duration: 12s
"""


def test_a_preview_and_an_up_print_each_message_once_and_name_the_outputs() -> None:
    output = EngineOutput()
    assert [*output.of_preview(PREVIEW.splitlines()), *output.of_up(UP.splitlines())] == [
        "Previewing update (lab):",
        "  labvpn:index:SoftEther (vpn):",
        "    + user LAB/guest1, user LAB/guest2",
        "  labvpn:index:Name (name):",
        "    warning: the zone is signed",
        "Resources:",
        "    + 2 to create",
        "Updating (lab):",
        " +  command:remote:Command vpn-hub created (1s)",
        "  labvpn:index:Name (name):",
        "    vpn.lab.example: ns1 shows the change",
        "Outputs, for `pulumi stack output NAME`:",
        "    address, ports",
        "Resources:",
        "    + 2 created",
        "Duration: 12s",
    ]


def test_an_error_of_an_up_is_printed_with_its_source() -> None:
    lines = ["Updating (lab):", "Diagnostics:", "  command:remote:Command (vpn-hub):", "    error: refused", ""]
    assert list(EngineOutput().of_up(lines)) == [lines[0], lines[2], lines[3]]


def test_an_engine_that_fails_before_it_begins_is_printed() -> None:
    assert list(EngineOutput().of_preview(["error: no stack named 'lab' found"])) == [
        "error: no stack named 'lab' found"
    ]


def test_lists_and_outputs_keep_to_the_width_of_a_terminal() -> None:
    assert all(len(line) <= WIDTH for line in joined([f"    + user LAB/guest{number}" for number in range(100)]))
    assert all(len(line) <= WIDTH for line in named([f"    output{number}: 1" for number in range(100)]))
