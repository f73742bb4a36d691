"""The entries of the box's tables as typed values, with FortiOS's field names, defaults and limits.

The fields listed here are kept; a value that the stand-in would not enforce is refused instead of stored. Those of
`fields.py` are kept too, and others are ignored, as FortiOS ignores unknown ones.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from rehearsal.fortigate import values
from rehearsal.fortigate.entry import Entry, EntryName, FullEntry, Identified, Member
from rehearsal.fortigate.references import ADDRESSES, INTERFACES, SCHEDULES, SERVICES, SOURCES, TARGETS, VIP_INTERFACES

Toggle = Literal["enable", "disable"]
Off = Literal["disable"]
PolicyEntryName = Annotated[str, Field(max_length=35)]
Comment = Annotated[str, Field(max_length=255)]
Comments = Annotated[str, Field(max_length=1023)]
Ports = Annotated[str, AfterValidator(values.ports)]
Address4 = Annotated[str, AfterValidator(values.address)]
Subnet = Annotated[str, BeforeValidator(values.subnet)]
Country = Annotated[str, AfterValidator(values.country)]
IcmpNumber = Annotated[int, Field(ge=0, le=255)] | Literal[""]


Members = Annotated[tuple[Member, ...], Field(min_length=1)]
AnyMembers = tuple[Member, ...]
NoMembers = Annotated[tuple[Member, ...], Field(max_length=0)]


class AddressEntry(Identified):
    """An address object: a network, a range, the networks of a country, or a host name (never resolved)."""

    name: EntryName
    type: Literal["ipmask", "iprange", "geography", "fqdn"] = "ipmask"
    subnet: Subnet = "0.0.0.0 0.0.0.0"
    start_ip: Address4 = "0.0.0.0"  # noqa: S104 - the box's default, not a binding
    end_ip: Address4 = "0.0.0.0"  # noqa: S104
    country: Country = ""
    fqdn: Annotated[str, Field(max_length=255)] = ""
    comment: Comment = ""
    associated_interface: str = ""
    color: int = 0
    allow_routing: Off = "disable"

    @model_validator(mode="after")
    def _complete(self) -> AddressEntry:
        if self.type == "geography" and not self.country:
            raise ValueError("an address of type geography needs its country")
        return self

    def as_rest(self) -> dict[str, Any]:
        """Without the fields of the other types, as in FortiOS."""
        other = {
            "ipmask": ("start-ip", "end-ip", "fqdn"),
            "iprange": ("subnet", "fqdn"),
            "geography": ("subnet", "start-ip", "end-ip", "fqdn"),
            "fqdn": ("subnet", "start-ip", "end-ip"),
        }
        return {field: value for field, value in super().as_rest().items() if field not in other[self.type]}


class AddressGroupEntry(Identified):
    """A group of addresses and groups."""

    name: EntryName
    member: Annotated[Members, ADDRESSES]
    comment: Comment = ""
    exclude: Toggle = "disable"
    exclude_member: Annotated[AnyMembers, ADDRESSES] = ()
    color: int = 0
    allow_routing: Off = "disable"


class ServiceEntry(FullEntry):
    """A service: ports of TCP, UDP and SCTP, a kind of ICMP, or an IP protocol by its number (0 is any)."""

    name: EntryName
    protocol: Literal["TCP/UDP/SCTP", "ICMP", "IP"] = "TCP/UDP/SCTP"
    tcp_portrange: Ports = ""
    udp_portrange: Ports = ""
    sctp_portrange: Ports = ""
    protocol_number: Annotated[int, Field(ge=0, le=255)] = 0
    icmptype: IcmpNumber = ""
    icmpcode: IcmpNumber = ""
    iprange: Literal["0.0.0.0"] = "0.0.0.0"  # noqa: S104
    fqdn: Literal[""] = ""
    category: str = ""
    comment: Comment = ""
    color: int = 0
    visibility: Toggle = "enable"


class ServiceGroupEntry(Entry):
    """A group of services."""

    name: EntryName
    member: Annotated[Members, SERVICES]
    comment: Comment = ""
    color: int = 0


class PolicyEntry(Identified):
    """A policy; the order of the table is the order of evaluation.

    Profiles, labels, shapers and times to live are kept and listed: they do not affect matching. A policy for users or
    groups matches nothing, since nobody logs in at the rehearsal's box; one with only IPv6 addresses matches no IPv4.
    """

    policyid: Annotated[int, Field(ge=0, le=4294967294)] = 0
    status: Toggle = "enable"
    name: PolicyEntryName = ""
    srcintf: Annotated[Members, INTERFACES]
    dstintf: Annotated[Members, INTERFACES]
    action: Literal["accept", "deny"] = "deny"
    srcaddr: Annotated[AnyMembers, SOURCES] = ()
    dstaddr: Annotated[AnyMembers, TARGETS] = ()
    srcaddr6: AnyMembers = ()
    dstaddr6: AnyMembers = ()
    srcaddr_negate: Toggle = "disable"
    dstaddr_negate: Toggle = "disable"
    service: Annotated[Members, SERVICES]
    service_negate: Toggle = "disable"
    schedule: Annotated[str, SCHEDULES]
    nat: Toggle = "disable"
    ippool: Off = "disable"
    poolname: NoMembers = ()
    match_vip: Toggle = "enable"
    send_deny_packet: Toggle = "disable"
    logtraffic: Literal["all", "utm", "disable"] = "utm"
    logtraffic_start: Toggle = "disable"
    internet_service: Off = "disable"
    groups: AnyMembers = ()
    users: AnyMembers = ()
    fsso_groups: AnyMembers = ()
    utm_status: Toggle = "disable"
    inspection_mode: Literal["flow", "proxy"] = "flow"
    profile_type: Literal["single"] = "single"
    profile_protocol_options: str = "default"
    ssl_ssh_profile: str = "no-inspection"
    av_profile: str = ""
    ips_sensor: str = ""
    application_list: str = ""
    webfilter_profile: str = ""
    traffic_shaper: str = ""
    label: Annotated[str, Field(max_length=63)] = ""
    global_label: Annotated[str, Field(max_length=63)] = ""
    session_ttl: str = "0"
    auto_asic_offload: Toggle = "enable"
    tos: Literal["0x00"] = "0x00"
    tos_mask: Literal["0x00"] = "0x00"
    geoip_match: Literal["physical-location"] = "physical-location"
    comments: Comments = ""

    @model_validator(mode="after")
    def _complete(self) -> PolicyEntry:
        six = bool(self.srcaddr6 and self.dstaddr6)
        if not six and not (self.srcaddr and self.dstaddr):
            raise PydanticCustomError("missing", "srcaddr and dstaddr cannot be empty")
        return self

    @property
    def active(self) -> bool:
        """Whether the policy is evaluated at all."""
        return self.status == "enable" and self.schedule != "none" and bool(self.srcaddr)


class Mapped(Entry):
    """The address behind a VIP: one address, or a range of only that address."""

    range: str

    @model_validator(mode="after")
    def _single(self) -> Mapped:
        if len({values.address(end) for end in self.range.split("-")}) != 1:
            raise ValueError("the rehearsal maps a VIP to a single address")
        return self

    @property
    def address(self) -> str:
        """The one address."""
        return values.address(self.range.partition("-")[0])


class VipEntry(Identified):
    """A virtual IP: an outside address, or some of its ports, mapped to an inside one."""

    name: EntryName
    type: Literal["static-nat"] = "static-nat"
    status: Toggle = "enable"
    extip: Address4
    extintf: Annotated[str, VIP_INTERFACES]
    mappedip: Annotated[tuple[Mapped, ...], Field(min_length=1, max_length=1)]
    portforward: Toggle = "disable"
    protocol: Literal["tcp", "udp"] = "tcp"
    extport: Ports = "0"
    mappedport: Ports = "0"
    arp_reply: Toggle = "enable"
    nat_source_vip: Off = "disable"
    src_filter: NoMembers = ()
    comment: Comment = ""
    color: int = 0

    @model_validator(mode="after")
    def _mappable(self) -> VipEntry:
        if self.portforward == "enable" and self.extport != self.mappedport and "-" in self.extport + self.mappedport:
            raise ValueError("the rehearsal forwards a range of ports to the same range only")
        return self
