"""Error codes of Windows (RAS, SSTP's HRESULTs, IKE) and SoftEther: the stage of each, and its causes, likeliest first.

Sources: Microsoft's list of routing and remote access error codes, winerror.h, SoftEther's string tables.
"""

from labvpn.diagnose.event import Cause, Stage

WINDOWS_TEXT = """
602  transport       client-firewall
619  transport       client-firewall esp-or-4500-blocked wrong-credentials no-address
628  authentication  no-address wrong-credentials proposal-mismatch esp-or-4500-blocked
629  authentication  no-address wrong-credentials session-time-over
631  disconnected    connected
633  transport       client-firewall
638  transport       ipsec-ports-blocked client-firewall
646  authentication  account-expired wrong-credentials
647  authentication  account-expired wrong-credentials
648  authentication  account-expired wrong-credentials
649  authentication  account-expired wrong-credentials
651  transport       client-firewall
678  transport       ipsec-ports-blocked client-firewall
691  authentication  wrong-credentials second-login account-expired device-not-allowed
692  transport       client-firewall
711  transport       client-firewall
718  authentication  no-address l2tp-no-reply wrong-credentials
719  authentication  no-address wrong-credentials
720  address         no-address client-firewall proposal-mismatch
721  transport       esp-or-4500-blocked ipsec-ports-blocked l2tp-no-reply
731  address         no-address proposal-mismatch
732  address         no-address proposal-mismatch
733  address         no-address proposal-mismatch
734  authentication  proposal-mismatch wrong-credentials no-address
735  address         no-address
736  address         no-address
737  transport       client-firewall
738  address         no-address
741  authentication  proposal-mismatch
742  authentication  proposal-mismatch
756  transport       client-firewall second-login
766  phase-1         certificate wrong-psk
768  transport       ipsec-ports-blocked client-firewall
769  transport       client-firewall ipsec-ports-blocked
778  authentication  wrong-psk certificate
781  phase-1         certificate wrong-psk
782  transport       client-firewall
784  transport       client-firewall
786  phase-1         certificate wrong-psk
787  phase-1         wrong-psk certificate
788  phase-1         proposal-mismatch ipsec-ports-blocked wrong-psk
789  phase-1         wrong-psk esp-or-4500-blocked ipsec-ports-blocked proposal-mismatch client-firewall
790  phase-1         certificate wrong-psk
791  phase-1         proposal-mismatch client-firewall
792  phase-1         ipsec-ports-blocked esp-or-4500-blocked wrong-psk
793  phase-1         wrong-psk proposal-mismatch
794  authentication  proposal-mismatch
798  authentication  certificate
800  transport       ipsec-ports-blocked tcp-443-blocked name-not-found client-firewall wrong-psk
801  authentication  wrong-credentials
807  transport       tcp-443-blocked esp-or-4500-blocked client-firewall
808  transport       tcp-443-blocked client-firewall
809  phase-1         ipsec-ports-blocked esp-or-4500-blocked client-firewall
810  phase-1         wrong-psk certificate
811  phase-1         wrong-psk ipsec-ports-blocked
812  authentication  wrong-credentials device-not-allowed proposal-mismatch account-expired
813  transport       second-login client-firewall
827  transport       client-firewall
828  disconnected    session-time-over connected
829  disconnected    session-time-over connected
832  authentication  certificate
835  phase-1         certificate wrong-psk
850  authentication  proposal-mismatch wrong-credentials
853  authentication  certificate
864  authentication  certificate
868  name            name-not-found
1931  tls            certificate
1062  transport     client-firewall
1068  transport     client-firewall
1460  transport     ipsec-ports-blocked tcp-443-blocked client-firewall
13801  phase-1       certificate wrong-psk
13803  phase-1       certificate
13804  phase-1       wrong-psk proposal-mismatch
13805  phase-1       ipsec-ports-blocked esp-or-4500-blocked
13806  phase-1       certificate wrong-psk
13807  phase-1       wrong-psk proposal-mismatch
13819  phase-1       certificate
13822  phase-1       wrong-psk proposal-mismatch
13843  phase-1       proposal-mismatch
13868  phase-1       proposal-mismatch
0x80070040  transport  tcp-443-blocked certificate
0x800704C9  transport  tcp-443-blocked server-full
0x800704D4  transport  tcp-443-blocked client-firewall
0x80070057  tls        certificate client-firewall
0x8007271D  transport  client-firewall
0x80072742  transport  client-firewall tcp-443-blocked
0x80072743  transport  client-firewall tcp-443-blocked
0x80072745  transport  client-firewall tcp-443-blocked
0x80072746  transport  tcp-443-blocked certificate
0x8007274A  transport  tcp-443-blocked
0x8007274C  transport  tcp-443-blocked client-firewall
0x8007274D  transport  tcp-443-blocked
0x80072751  transport  tcp-443-blocked client-firewall
0x80072AF9  name       name-not-found
0x80072AFA  name       name-not-found
0x80072AFC  name       name-not-found
0x80072EE2  transport  tcp-443-blocked client-firewall
0x80072EE7  name       name-not-found
0x80072EFD  transport  tcp-443-blocked client-firewall
0x80072EFE  transport  tcp-443-blocked client-firewall
0x80072F05  tls        certificate
0x80072F06  tls        certificate
0x80072F0C  tls        certificate
0x80072F0D  tls        certificate
0x80072F7D  tls        proposal-mismatch certificate
0x80072F8F  tls        certificate
0x80072F19  tls        certificate
0x800B0101  tls        certificate
0x800B0109  tls        certificate
0x800B010A  tls        certificate
0x800B010C  tls        certificate
0x800B010F  tls        certificate
0x800B0110  tls        certificate
0x80090302  tls        proposal-mismatch certificate
0x80090308  tls        proposal-mismatch certificate
0x80090317  tls        certificate
0x80090322  tls        certificate
0x80090325  tls        certificate
0x80090326  tls        proposal-mismatch certificate
0x80090327  tls        certificate
0x80090328  tls        certificate
0x8009030C  authentication  wrong-credentials
0x80090331  tls        proposal-mismatch
0x80092010  tls        certificate
0x80092012  tls        certificate
0x80092013  tls        certificate
0x80092014  tls        certificate
0x80420400  tls        tcp-443-blocked certificate
"""

SOFTETHER_TEXT = """
1    transport       tcp-443-blocked name-not-found client-firewall
2    tls             tcp-443-blocked proposal-mismatch
3    disconnected    tcp-443-blocked session-time-over client-firewall
4    tls             tcp-443-blocked proposal-mismatch
7    authentication  wrong-credentials certificate
8    authentication  wrong-credentials name-not-found
9    authentication  wrong-credentials
10   authentication  server-full
11   disconnected    session-time-over
12   authentication  account-expired device-not-allowed wrong-credentials
13   disconnected    tcp-443-blocked client-firewall session-time-over
15   transport       server-full
16   authentication  server-full
17   transport       tcp-443-blocked client-firewall
18   transport       tcp-443-blocked
19   transport       tcp-443-blocked
20   authentication  second-login
21   authentication  server-full
22   transport       client-firewall
25   authentication  certificate
26   authentication  certificate
27   authentication  certificate
31   transport       client-firewall
42   transport       client-firewall
43   transport       client-firewall second-login
44   transport       client-firewall
48   authentication  server-full
49   authentication  server-full
51   authentication  wrong-credentials
52   authentication  device-not-allowed
69   authentication  wrong-credentials
81   transport       tcp-443-blocked client-firewall
85   tls             certificate
86   tls             device-not-allowed
87   tls             device-not-allowed
89   tls             device-not-allowed
101  authentication  certificate
103  authentication  server-full
104  authentication  server-full
105  authentication  server-full
106  tls             certificate
107  authentication  device-not-allowed
108  authentication  device-not-allowed
109  authentication  device-not-allowed
114  authentication  server-full
119  authentication  server-full
120  authentication  server-full
124  authentication  device-not-allowed account-expired
125  transport       client-firewall
126  disconnected    session-time-over
127  authentication  device-not-allowed
131  transport       tcp-443-blocked
138  authentication  wrong-credentials
148  disconnected    connected
149  tls             certificate
150  tls             proposal-mismatch
151  tls             proposal-mismatch
152  tls             proposal-mismatch certificate
"""

Meaning = tuple[Stage, tuple[Cause, ...]]


def _parsed(text: str) -> dict[int, Meaning]:
    rows = (line.split() for line in text.strip().splitlines())
    return {int(row[0], 0): (Stage(row[1]), tuple(Cause(name) for name in row[2:])) for row in rows}


WINDOWS: dict[int, Meaning] = _parsed(WINDOWS_TEXT)
SOFTETHER: dict[int, Meaning] = _parsed(SOFTETHER_TEXT)
