"""The tables of the box that are not firewall objects: schedules, interfaces, zones, SD-WAN, global settings."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from rehearsal.fortigate.entry import Entry
from rehearsal.fortigate.objects import Subnet, Toggle


class ScheduleEntry(Entry):
    """A schedule; the rehearsal has `always` and `none`."""

    name: Annotated[str, Field(max_length=31)]
    start: str = "00:00"
    end: str = "00:00"
    day: str = "none"
    color: int = 0


class InterfaceEntry(Entry):
    """An interface of the box: its address and which of the box's own services it accepts."""

    name: Annotated[str, Field(max_length=15)]
    vdom: str = "root"
    mode: Literal["static"] = "static"
    ip: Subnet = "0.0.0.0 0.0.0.0"
    allowaccess: str = ""
    status: Literal["up", "down"] = "up"
    type: str = "physical"
    role: Literal["wan", "lan", "dmz", "undefined"] = "undefined"
    alias: str = ""
    description: str = ""


class InZone(Entry):
    """An interface as a member of a zone."""

    interface_name: Annotated[str, Field(max_length=15)]


class Zone(Entry):
    """Interfaces under one name, the only one for policies; traffic between them passes if allowed."""

    name: Annotated[str, Field(min_length=1, max_length=35)]
    intrazone: Literal["allow", "deny"] = "deny"
    interface: tuple[InZone, ...] = ()
    description: str = ""


class SdwanZone(Entry):
    """An SD-WAN zone."""

    name: Annotated[str, Field(min_length=1, max_length=35)]


class SdwanMember(Entry):
    """An interface in an SD-WAN zone."""

    seq_num: int
    interface: Annotated[str, Field(max_length=15)]
    zone: str = "virtual-wan-link"


class Sdwan(Entry):
    """SD-WAN: its zones and their members; the rehearsal does not use its rules for routing."""

    status: Toggle = "disable"
    zone: tuple[SdwanZone, ...] = (SdwanZone(name="virtual-wan-link"),)
    members: tuple[SdwanMember, ...] = ()


class GlobalSettings(Entry):
    """The box's global settings; the switch for tokens in the URL exists from FortiOS 7.4.5 on."""

    hostname: Annotated[str, Field(max_length=35)] = "labvpn-rehearsal"
    timezone: str = "Asia/Tokyo"
    admin_sport: int = 443
    vdom_mode: Literal["no-vdom"] = "no-vdom"
    rest_api_key_url_query: Toggle = "disable"


class VdomSettings(Entry):
    """The settings of the box's only vdom: its policies decide by addresses and services, and NAT is theirs."""

    opmode: Literal["nat"] = "nat"
    ngfw_mode: Literal["profile-based"] = "profile-based"
    central_nat: Literal["disable"] = "disable"
