"""The FortiOS tables as Fortinet's provider 1.25.0 has them: every optional property that is not read back is cleared.

What 1.20.0 kept or could not clear (ports of a service, comments) is cleared, and a time to live is text, "0" included.
"""

from __future__ import annotations

from dataclasses import replace

from rehearsal.toolchain.fortios import tables as older
from rehearsal.toolchain.fortios.fields import CLEARED, STICKY, TEXT, Table

_CLEARED = ("tcpPortrange", "udpPortrange", "sctpPortrange")


def _newer(table: Table) -> Table:
    fields = {
        name: replace(field, absent=CLEARED) if field.absent == STICKY or name in _CLEARED else field
        for name, field in table.fields.items()
    }
    if "sessionTtl" in fields:
        fields["sessionTtl"] = replace(fields["sessionTtl"], kind=TEXT, absent=CLEARED, positive=False)
    return replace(table, fields=fields)


CUSTOM, ADDRESS, ADDRGRP, POLICY, VIP = map(
    _newer, (older.CUSTOM, older.ADDRESS, older.ADDRGRP, older.POLICY, older.VIP)
)
