"""The recogniser tables: for each family of clients, which line means what. The first row that matches a line wins."""

from labvpn.doctor.log.event import Family, Row, Table
from labvpn.doctor.log.tables import apple, foreign, linux, messages, openvpn, ppp, server, softether, sstp, windows

ORDER: tuple[tuple[Family, Table], ...] = (
    (Family.SERVER, server.TABLE),
    (Family.SOFTETHER, softether.TABLE),
    (Family.FOREIGN, foreign.TABLE),
    (Family.APPLE, apple.TABLE),
    (Family.LINUX, linux.TABLE),
    (Family.OPENVPN, openvpn.TABLE),
    (Family.ANDROID, sstp.TABLE),
    (Family.LINUX, ppp.TABLE),
    (Family.WINDOWS, windows.TABLE),
    (Family.APPLE, messages.TABLE),
)


def rows() -> tuple[tuple[Family, Row], ...]:
    """Every row with its family, in the order in which they are tried."""
    return tuple((family, row) for family, table in ORDER for row in table)
