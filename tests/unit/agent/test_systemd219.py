"""The oldest host has systemd 219: our units say nothing that it does not know, nor do we ask it what came later."""

from __future__ import annotations

import configparser

import pytest

from labvpn.agent import bundle
from labvpn.agent.acme.service import SERVICE_TEXT as RENEWAL_TEXT
from labvpn.agent.acme.service import TIMER_TEXT
from labvpn.agent.codes.settings import UNIT as CODES_TEXT
from labvpn.agent.core.addresses import UNIT_TEXT
from labvpn.agent.core.service import SERVICE_TEXT
from labvpn.agent.firewalld.rollback import FILES
from labvpn.agent.softether.tarball_install import SERVER_TEXT

UNITS = [UNIT_TEXT, SERVICE_TEXT, SERVER_TEXT, RENEWAL_TEXT, TIMER_TEXT, CODES_TEXT, *FILES.values()]
# From the manual pages of systemd 219: systemd.unit, systemd.service, systemd.exec, systemd.kill and systemd.timer.
KNOWN = {
    "Unit": {"Description", "After", "Before", "Wants", "Requires", "Conflicts"},
    "Service": {
        *("Type", "ExecStart", "ExecStop", "RemainAfterExit", "Restart", "RestartSec", "PIDFile", "TimeoutStopSec"),
        *("ExecStopPost", "TimeoutStartSec"),
        *("User", "Group", "Environment", "RuntimeDirectory", "RuntimeDirectoryMode", "LimitCORE", "UMask"),
        *("StartLimitInterval", "PrivateDevices"),
        # Known since 231; before, it is skipped with a warning.
        "InaccessiblePaths",
        *("KillMode", "PrivateTmp", "ProtectHome", "ProtectSystem", "NoNewPrivileges", "CapabilityBoundingSet"),
    },
    "Timer": {"OnActiveSec", "OnBootSec", "OnCalendar", "Persistent", "AccuracySec", "Unit"},
    "Install": {"WantedBy"},
}
LATER_VALUES = {("ProtectSystem", "strict"), ("ProtectHome", "tmpfs"), ("Type", "exec"), ("Type", "notify-reload")}
LATER_OPTIONS = ('"--now"', '"--value"', '"--collect"', '"--pipe"', '"--wait"', '"--what')


def sections(text: str) -> configparser.RawConfigParser:
    parser = configparser.RawConfigParser(strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(text)
    return parser


@pytest.mark.parametrize("text", UNITS, ids=lambda text: text.splitlines()[1])
def test_a_unit_says_only_what_systemd_219_knows(text: str) -> None:
    unit = sections(text)
    assert {(name, key) for name in unit.sections() for key in unit[name] if key not in KNOWN.get(name, ())} == set()
    assert LATER_VALUES.intersection(pair for name in unit.sections() for pair in unit[name].items()) == set()


@pytest.mark.parametrize("text", UNITS, ids=lambda text: text.splitlines()[1])
def test_a_service_that_ends_by_itself_is_not_to_be_restarted(text: str) -> None:
    # Before systemd 244 such a unit was refused as a whole.
    service = dict(sections(text)["Service"]) if "[Service]" in text else {}
    assert service.get("Type") != "oneshot" or "Restart" not in service


def test_no_unit_of_the_agent_is_left_out_here() -> None:
    assert bundle.source().count("[Service]") == sum("[Service]" in text for text in UNITS)


def test_systemctl_is_asked_nothing_that_came_after_219() -> None:
    assert [word for word in LATER_OPTIONS if word in bundle.source()] == []
