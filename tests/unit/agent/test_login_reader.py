"""What a stranger writes into the security log says nothing: who failed is read from the server's own words."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from labvpn.agent.firewalld.ban_policy import BanPolicy, Bounds
from labvpn.agent.softether.login_reader import DENIED, FORGERY, GUESS, WITHDRAWN, Failure, LoginReader
from labvpn.agent.softether.login_records import Grammars
from labvpn.agent.softether.message_tables import SHIPPED_MESSAGES
from labvpn.agent.softether.security_log import texts_of
from tests.unit.agent.log_lines import accepted, at, begins, change, expired, fails, guess, guess_in_japanese, refused

GRAMMARS = Grammars(SHIPPED_MESSAGES)
ATTACKER, INNOCENT = "198.51.100.66", "203.0.113.140"
NOW = time.mktime(time.strptime("2026-11-27 12:00:00", "%Y-%m-%d %H:%M:%S"))
LINE_ENDS = ("\n", "\r\n", "\n\n")
SEPARATORS = ["\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029", "\r", "\x00", "\t", "\u202e"]


def read(*texts: str, now: float = NOW + 10) -> list[Failure]:
    """The events of a log that comes in these pieces, a second apart."""
    reader = LoginReader(GRAMMARS)
    return [one for n, text in enumerate(texts) for one in reader.events(texts_of(text.encode()), now + n)]


def sources(events: list[Failure]) -> set[str]:
    return {one.source for one in events}


def banned(*texts: str) -> set[str]:
    """Who is barred where five failures are enough."""
    policy = BanPolicy(Bounds(5, 15.0, 5, 600.0, []))
    for event in read(*texts):
        policy.count(event)
    return set(policy.banned(NOW + 20))


def test_a_failed_login_is_told_with_its_time_its_source_and_its_name() -> None:
    assert read(guess("CID-1", ATTACKER, "guest1", NOW)) == [Failure(NOW, ATTACKER, "guest1", GUESS)]
    assert read(guess_in_japanese("CID-1", ATTACKER, "guest1", NOW)) == [Failure(NOW, ATTACKER, "guest1", GUESS)]


def test_who_is_let_in_failed_nothing() -> None:
    assert read(begins("CID-1", ATTACKER, "guest1", NOW) + accepted("CID-1", "guest1", NOW)) == []


@pytest.mark.parametrize("sentence", [expired, refused])
@pytest.mark.parametrize("after", ["", accepted("CID-1", "late", NOW)])
def test_a_refused_user_is_told_as_refused_and_never_counts_as_a_guess(
    sentence: Callable[[str, str, float], str], after: str
) -> None:
    events = read(begins("CID-1", ATTACKER, "late", NOW) + after + sentence("CID-1", "late", NOW))
    assert events == [Failure(NOW, ATTACKER, "late", DENIED)]


NAMES = [
    f'"CID-1"(IP:{INNOCENT} User authentication failed"',
    f'x", from {INNOCENT}.',
    f'x", from {INNOCENT}. Connection "CID-9": User authentication failed. The user name that has been provided was "y',
    guess("CID-9", INNOCENT, "guest1", NOW).replace("\r\n", " "),
    fails("CID-1", INNOCENT, "guest1", NOW).rstrip(),
    'guest1" and the user name is "owner',
    "2099-01-01 00:00:00.000 x",
    "",
    '"',
    "\ufeff",
    "x" * 255,
]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_without_a_line_end_counts_against_its_sender_whatever_it_says(name: str) -> None:
    events = read(guess("CID-5", ATTACKER, name, NOW))
    assert sources(events) == {ATTACKER}


@pytest.mark.parametrize("separator", SEPARATORS)
def test_only_the_servers_own_line_end_ends_a_line(separator: str) -> None:
    name = f"x{separator}{fails('CID-77', INNOCENT, 'guest1', NOW).rstrip()}{separator}y"
    assert sources(read(guess("CID-5", ATTACKER, name, NOW))) == {ATTACKER}


FORGED = [
    fails("CID-77", INNOCENT, "guest1", NOW),
    guess("CID-77", INNOCENT, "g", NOW),
    begins("CID-77", INNOCENT, "g", NOW, client="") + fails("CID-77", INNOCENT, "g", NOW),
    guess("CID-5", INNOCENT, "g", NOW),
    guess_in_japanese("CID-77", INNOCENT, "g", NOW),
]


@pytest.mark.parametrize("end", LINE_ENDS)
@pytest.mark.parametrize("last", ["y", f'{at(NOW)} Connection "CID-9": Successfully authenticated as user "y'])
@pytest.mark.parametrize("first", ["x", 'x".', f'x", from {ATTACKER}.'])
@pytest.mark.parametrize("forged", FORGED)
def test_whole_lines_in_a_name_bar_nobody_but_their_sender(forged: str, first: str, last: str, end: str) -> None:
    lines = [line.rstrip("\r\n") for line in forged.splitlines()]
    logs = [guess(f"CID-{n}", ATTACKER, end.join([first, *lines, last]), NOW + n) for n in range(5)]
    assert banned("".join(logs)) == {ATTACKER}
    assert banned(*logs) == {ATTACKER}


def test_lines_that_were_believed_for_a_moment_are_taken_back_when_they_stand_a_second_time() -> None:
    name = "\n".join(['x".', fails("CID-77", INNOCENT, "guest1", NOW).rstrip(), "y"])
    reader = LoginReader(GRAMMARS)
    first = reader.events(texts_of(begins("CID-5", ATTACKER, name, NOW - 60).encode()), NOW)
    second = reader.events(texts_of(fails("CID-5", ATTACKER, name, NOW - 60).encode()), NOW + 1)
    assert [one for one in [*first, *second] if one.source == INNOCENT and one.kind != WITHDRAWN] == [
        one._replace(kind=GUESS) for one in second if one.kind == WITHDRAWN
    ]


def test_a_name_with_a_line_end_is_a_forgery_that_bars_at_once() -> None:
    assert FORGERY in {one.kind for one in read(guess("CID-5", ATTACKER, "x\ny", NOW))}
    assert banned(guess("CID-5", ATTACKER, "x\ny", NOW)) == {ATTACKER}


def test_whoever_has_the_number_of_a_forgery_before_the_servers_last_start_forged_nothing() -> None:
    others = "".join(accepted(f"CID-{n}", "a", NOW - n) for n in range(20, 50))
    forgery = guess("CID-5", ATTACKER, "x\ny", NOW - 60) + others
    mistake = guess("CID-5", INNOCENT, "guest1", NOW)
    assert [(one.source, one.kind) for one in read(forgery + mistake)][-1] == (INNOCENT, GUESS)
    guesses = "".join(guess(f"CID-{n}", INNOCENT, "guest1", NOW + n) for n in range(5, 10))
    assert INNOCENT in banned(forgery + guesses)


def test_names_with_line_ends_hide_no_guesses_of_their_sender_for_long() -> None:
    logs = [guess(f"CID-{n}", ATTACKER, "x\ny" if n % 2 else "guest1", NOW + n) for n in range(20)]
    assert banned("".join(logs)) == {ATTACKER}


def test_a_guest_cannot_bar_anybody_by_the_name_of_his_machine() -> None:
    lease = "SecureNAT: The DHCP entry 1 has been created. MAC address: CA-49-00-ED-6C-76, IP address: 192.168.30.10, "
    forged = [line.rstrip() for line in guess("CID-77", INNOCENT, "g", NOW).splitlines()]
    for name in ("\n".join(["a", *forged, "b"]), "\n".join(["a", forged[1], "b"]), forged[1]):
        log = f"{at(NOW)} {lease}host name: {name}, expiration span: 7200 seconds\r\n" * 6
        assert banned(log) == set()


def test_a_guest_cannot_bar_anybody_by_what_his_client_says_of_itself() -> None:
    line = fails("CID-77", INNOCENT, "g", NOW).rstrip()
    details = f'{at(NOW)} Session "SID-GUEST1-3": VPN Client details: (Client product name: "a\n{line}\nb", Client)\r\n'
    assert banned(details * 6) == set()


def test_a_client_name_is_no_line_either() -> None:
    line = begins("CID-77", INNOCENT, "g", NOW).partition("Client name")[0] + 'Client name: "'
    log = begins("CID-5", ATTACKER, "guest1", NOW, client=f"a\n{line}") + fails("CID-5", ATTACKER, "guest1", NOW)
    assert sources(read(log + fails("CID-77", INNOCENT, "guest1", NOW))) == {ATTACKER}
    open_end = begins("CID-5", ATTACKER, "guest1", NOW, client="a\nb") + fails("CID-5", ATTACKER, "guest1", NOW)
    assert banned(open_end) == {ATTACKER}


@pytest.mark.parametrize(
    "words",
    [
        'The old password of user "guest1" is incorrect.',
        'The specified user "nobody" does not exist.',
        'The auth type of user "guest1" is not password authentication.',
    ],
)
def test_a_change_of_a_password_is_a_guess_too(words: str) -> None:
    assert [(one.source, one.kind) for one in read(change("CID-3", ATTACKER, words, NOW))] == [(ATTACKER, GUESS)]


def test_a_change_of_a_password_forges_no_line() -> None:
    forged = fails("CID-77", INNOCENT, "", NOW).rstrip()
    end = f'{at(NOW)} Connection "CID-8": Changing of password failed. The specified user "z'
    name = "\n".join(['x" does not exist.', forged, end])
    log = begins("CID-77", INNOCENT, "", NOW) + change(
        "CID-3", ATTACKER, f'The specified user "{name}" does not exist.', NOW
    )
    assert sources(read(log)) == {ATTACKER}


def test_a_login_that_is_never_judged_forges_no_line() -> None:
    name = "\n".join(['x".', *(line.rstrip() for line in guess("CID-77", INNOCENT, "g", NOW).splitlines())])
    unknown = begins("CID-5", ATTACKER, name, NOW).replace("External server authentication", "Unknown auth type.")
    assert sources(read(unknown, "", "", "", "", now=NOW + 1)) == {ATTACKER}


@pytest.mark.parametrize("year", ["0001", "1969", "2099", "9999"])
def test_a_line_of_another_time_is_no_event_and_stops_no_other(year: str) -> None:
    odd = guess("CID-5", INNOCENT, "guest1", NOW).replace("2026-", f"{year}-")
    events = read(odd + guess("CID-6", ATTACKER, "guest1", NOW))
    assert {one.source for one in events if one.at > NOW - 600} == {ATTACKER}


@pytest.mark.parametrize(
    "source", ["", "no address", "999.1.1.1", "198.51.100.66/0", "0.0.0.0/0", "::/0", "fe80::1%eth0"]
)
def test_what_is_no_address_bars_nobody_and_stops_nothing(source: str) -> None:
    log = "".join(guess(f"CID-{n}", source, "guest1", NOW) for n in range(10))
    others = "".join(guess(f"CID-1{n}", ATTACKER, "guest1", NOW) for n in range(5))
    assert banned(log + others) - {"fe80::1"} == {ATTACKER}


def test_a_login_fails_once_and_where_it_began() -> None:
    log = guess("CID-1", ATTACKER, "guest1", NOW) + fails("CID-1", INNOCENT, "guest1", NOW + 1)
    assert sources(read(log)) == {ATTACKER}
    log = begins("CID-1", ATTACKER, "guest1", NOW) + fails("CID-1", INNOCENT, "guest1", NOW)
    assert INNOCENT not in sources(read(log))


def test_lines_that_are_cut_or_too_long_or_no_text_are_no_events() -> None:
    whole = guess("CID-1", ATTACKER, "guest1", NOW).encode()
    reader = LoginReader(GRAMMARS)
    pieces = [
        b"\xff\xfe\x00\r\n",
        b"\x00" * 5000 + b"\r\n",
        b"2026-11-27\r\n",
        b"x" * 100000 + b"\r\n",
        whole[:90] + b"\r\n",
    ]
    assert reader.events(texts_of(b"".join(pieces)), NOW + 10) == []
    reader = LoginReader(GRAMMARS)
    assert len(reader.events(texts_of(whole.replace(b"CID-1", b"CID-2")), NOW + 10)) == 1


def test_a_log_whose_end_is_cut_off_gives_the_failure_when_the_rest_comes() -> None:
    log = guess("CID-1", ATTACKER, "guest1", NOW + 10)
    start, rest = log.splitlines(keepends=True)
    assert sources(read(start, rest)) == {ATTACKER}


def test_reading_a_log_of_a_busy_day_takes_less_than_a_second() -> None:
    lines = texts_of("".join(guess(f"CID-{n}", f"198.51.{n // 250}.{n % 250}", "g", NOW) for n in range(2500)).encode())
    began = time.process_time()
    assert len(LoginReader(GRAMMARS).events(lines, NOW + 10)) == 2500
    assert time.process_time() - began < 3


@pytest.mark.parametrize("name", ['".\n' * 170, '", from .\n' * 28 + '".\n' * 86])
def test_names_made_to_be_slow_to_read_do_not_keep_the_guard_from_its_work(name: str) -> None:
    log = "".join(guess(f"CID-{n}", "198.51.100.66", name[:511], NOW) for n in range(100))
    began = time.process_time()
    found = LoginReader(GRAMMARS).events(texts_of(log.encode()), NOW + 10)
    assert {one.source for one in found} == {"198.51.100.66"}
    assert time.process_time() - began < 8


@pytest.mark.parametrize("cut", [40, 130, 230, 300, 390, 420])
def test_a_log_that_a_full_disk_cut_off_forges_nothing(cut: int) -> None:
    whole = guess("CID-1", INNOCENT, "guest1", NOW)
    log = whole[:cut] + "\r\n" + guess("CID-2", INNOCENT, "guest1", NOW)
    assert banned(log) == set()
