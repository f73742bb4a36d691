"""Lines of a hub's security log as SoftEther 5.01.9674 wrote them in the rehearsal, and as 4.x does in Japanese."""

from __future__ import annotations

import time


def at(moment: float) -> str:
    """The time before a line, to the second of the host's own clock."""
    return time.strftime("%Y-%m-%d %H:%M:%S.120", time.localtime(moment))


def begins(name: str, source: str, user: str, moment: float, client: str = "OpenVPN Client") -> str:
    """A login begins."""
    return (
        f'{at(moment)} The connection "{name}" (IP address: {source}, Host name: {source}, Port number: 35666, Client '
        f'name: "{client}", Version: 5.01, Build: 9674) is attempting to connect to the Virtual Hub. The auth type '
        f'provided is "External server authentication" and the user name is "{user}".\r\n'
    )


def fails(name: str, source: str, user: str, moment: float) -> str:
    """It fails by its password or its name."""
    return (
        f'{at(moment)} Connection "{name}": User authentication failed. The user name that has been provided was '
        f'"{user}", from {source}.\r\n'
    )


def accepted(name: str, user: str, moment: float) -> str:
    """It is let in by its password."""
    return f'{at(moment)} Connection "{name}": Successfully authenticated as user "{user}".\r\n'


def expired(name: str, user: str, moment: float) -> str:
    """It is refused, since its account is over."""
    return (
        f'{at(moment)} Connection "{name}": Access has been refused to user "{user}" because of the expiration date '
        "has been expired.\r\n"
    )


def refused(name: str, user: str, moment: float) -> str:
    """It is refused by the user's policy."""
    return (
        f'{at(moment)} Connection "{name}": Access has beens refused to user "{user}" based on the security policy.\r\n'
    )


def change(name: str, source: str, words: str, moment: float) -> str:
    """A change of a password that fails, as anybody may try it without an account."""
    return (
        f'{at(moment)} The connection "{name}" (IP address {source}) connected to Virtual Hub in change password mode.'
        f'\r\n{at(moment)} Connection "{name}": Changing of password failed. {words}\r\n'
    )


def guess(name: str, source: str, user: str, moment: float) -> str:
    """A login with a wrong password, whole."""
    return begins(name, source, user, moment) + fails(name, source, user, moment)


def guess_in_japanese(name: str, source: str, user: str, moment: float) -> str:
    """The same of a 4.x server whose language is Japanese."""
    return (
        f'{at(moment)} コネクション "{name}" (IP アドレス {source}, ホスト名 {source}, ポート番号 35666, クライアント'
        f'名 "OpenVPN Client", バージョン 4.44 ビルド 9807) が仮想 HUB への接続を試行しています。提示している'
        f'認証方法は "外部サーバー認証" でユーザー名は "{user}" です。\r\n'
        f'{at(moment)} コネクション "{name}": ユーザー認証に失敗しました。提示されたユーザー名は "{user}" でした。\r\n'
    )
