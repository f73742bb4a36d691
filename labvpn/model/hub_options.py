"""SoftEther's extended options of a hub, by the names that its calls have for them."""

from __future__ import annotations

from collections.abc import Mapping

from labvpn.model.wording import nearest


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


NUMBERS = _words(
    """
    AccessListIncludeFileCacheLifetime AdjustTcpMssValue BroadcastStormDetectionThreshold
    ClientMinimumRequiredBuild DetectDormantSessionInterval DhcpDiscoverTimeoutMs FloodingSendQueueBufferQuota
    MaxLoggedPacketsPerMinute RequiredClientId SecureNAT_MaxDnsSessionsPerIp SecureNAT_MaxIcmpSessionsPerIp
    SecureNAT_MaxTcpSessionsPerIp SecureNAT_MaxTcpSynSentPerIp SecureNAT_MaxUdpSessionsPerIp VlanTypeId
    """
)
MODES = frozenset(("DisableIpRawModeSecureNAT", "DisableKernelModeSecureNAT", "DisableUserModeSecureNAT"))
"""What `secureNat.mode` sets."""

SWITCHES = MODES | _words(
    """
    AllowEapMatchUserByCert AllowSameUserInPrivacyFilterMode ApplyIPv4AccessListOnArpPacket
    AssignVLanIdByRadiusAttribute BroadcastLimiterStrictMode DenyAllRadiusLoginWithNoVlanAssign
    DisableAdjustTcpMss DisableCheckMacOnLocalBridge DisableCorrectIpOffloadChecksum DisableHttpParsing
    DisableIPParsing DisableUdpAcceleration DisableUdpFilterForLocalBridgeNic DoNotSaveHeavySecurityLogs
    DropArpInPrivacyFilterMode DropBroadcastsInPrivacyFilterMode FilterBPDU FilterIPv4 FilterIPv6 FilterNonIP
    FilterOSPF FilterPPPoE FixForDLinkBPDU ManageOnlyLocalUnicastIPv6 ManageOnlyPrivateIP NoAddressPollingIPv4
    NoAddressPollingIPv6 NoDhcpPacketLogOutsideHub NoIPv4PacketLog NoIPv6DefaultRouterInRAWhenIPv6
    NoIPv6PacketLog NoIpTable NoLookBPDUBridgeId NoMacAddressLog NoManageVlanId NoPhysicalIPOnPacketLog
    NoSpinLockForPacketDelay RemoveDefGwOnDhcpForLocalhost SecureNAT_RandomizeAssignIp
    SuppressClientUpdateNotification UseHubNameAsDhcpUserClassOption UseHubNameAsRadiusNasId
    YieldAfterStorePacket
    """
)
"""DataToHubOptionStruct in the source of 4.44 and 5.02, looked up on 2026-11-30; 5.01.9674 has the same but three."""

IN_THE_FILE = {"NoArpPolling": "NoAddressPollingIPv4", "NoIPv6AddrPolling": "NoAddressPollingIPv6"}
"""Options that the server's own file calls by another name (measured)."""

LARGEST = 4_294_967_294
"""The server ignores the number above, which stands for none."""


def known_option(name: str) -> str:
    """The name of an option. Raises ValueError for one that no SoftEther has, and would ignore."""
    known = sorted(NUMBERS | SWITCHES)
    if name not in known:
        near = nearest(name, [*known, *IN_THE_FILE])
        near = IN_THE_FILE.get(near or "", near)
        remedy = f"did you mean '{near}'?" if near else "remove it; ExtOptionGet of vpncmd lists them"
        raise ValueError(f"SoftEther has no such option of a hub; {remedy}")
    return name


def unfit(options: Mapping[str, int]) -> list[str]:
    """The options whose value the server would not keep, in sentences."""
    return [
        f"options.{name} is {value}, and it is a switch; write 1 for on or 0 for off"
        for name, value in options.items()
        if name in SWITCHES and value not in (0, 1)
    ]
