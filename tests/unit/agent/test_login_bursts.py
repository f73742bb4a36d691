"""Many forged names in a row hide nobody's logins and accuse nobody, however the log reaches the reader."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence

import pytest

from labvpn.agent.firewalld.ban_policy import BanPolicy, Bounds
from labvpn.agent.softether.login_reader import FORGERY, GUESS, Failure, LoginReader
from labvpn.agent.softether.login_records import Grammars
from labvpn.agent.softether.message_tables import SHIPPED_MESSAGES
from labvpn.agent.softether.security_log import texts_of
from tests.unit.agent.log_lines import accepted, at, begins, change, fails, guess

# The wordings of 5.x alone, as the reader has them from the message tables of a 5.x server.
GRAMMARS = Grammars({**SHIPPED_MESSAGES, "LH_AUTH_NG": SHIPPED_MESSAGES["LH_AUTH_NG"][:2]})
INNOCENT = "203.0.113.140"
NOW = time.mktime(time.strptime("2026-11-27 12:00:00", "%Y-%m-%d %H:%M:%S"))


def sender(number: int) -> str:
    return f"198.51.100.{number}"


def own_failure(number: int) -> str:
    """A name with a failure of the very login that it is given for, so that this may be taken for decided too early."""
    return f'x".\n{fails(f"CID-{number}", sender(number), "x", NOW - 1).rstrip()}\ny'


def imitations(number: int) -> list[str]:
    """Names that imitate lines, by a sender who knows the number of their own connection and of the next ones."""
    next_one = f"CID-{number + 1}"
    failed = fails("CID-7777", INNOCENT, "guest1", NOW - 1).rstrip()
    return [
        f"x\n{failed}\ny",
        f'x".\r\n{failed}\r\ny',
        f'x", from {sender(number)}.\n{failed}',
        "\n\n\n",
        f"x\n{fails(next_one, sender(number + 1), 'guest1', NOW - 1).rstrip()}\ny",
        f'" and the user name is "x".\n{failed}',
        "guest1",
        f'x", from {INNOCENT}.',
        own_failure(number),
    ]


def events_of(*pieces: list[str], first: float = NOW + 1) -> list[Failure]:
    """The events of a log that comes in these pieces, half a second apart."""
    reader, found = LoginReader(GRAMMARS), []
    for turn, piece in enumerate([*pieces, *[[]] * 24]):
        found += reader.events(piece, first + turn / 2)
    return found


def lines(*texts: str) -> list[str]:
    return texts_of("".join(texts).encode())


def accused(events: list[Failure]) -> set[str]:
    """Whom one failure bans."""
    policy = BanPolicy(Bounds(1, 600.0, 1, 600.0, []))
    for event in events:
        policy.count(event)
    return set(policy.banned(NOW + 20))


@pytest.mark.parametrize("kind", range(len(imitations(1))))
def test_each_of_a_row_of_forged_names_counts_against_its_sender_alone(kind: int) -> None:
    log = [guess(f"CID-{n}", sender(n), imitations(n)[kind], NOW) for n in range(1, 9)]
    assert accused(events_of(lines(*log))) == {sender(n) for n in range(1, 9)}


# All but the last one: the number of a connection that is guessed right, and a log that is cut within this login.
@pytest.mark.parametrize("kind", range(len(imitations(1)) - 1))
def test_a_guess_between_forged_names_is_counted_wherever_the_log_was_cut(kind: int) -> None:
    names = {1: imitations(1)[kind], 2: "guest1", 3: imitations(3)[kind]}
    log = lines(*[guess(f"CID-{n}", sender(n), name, NOW) for n, name in names.items()])
    for cut in range(len(log) + 1):
        assert accused(events_of(log[:cut], log[cut:])) == {sender(n) for n in names}, cut


def test_a_failure_of_ones_own_in_a_name_is_no_escape_wherever_the_log_was_cut() -> None:
    log = lines(*[guess(f"CID-{n}", sender(n), own_failure(n), NOW) for n in range(1, 4)])
    for cut in range(len(log) + 1):
        assert sender(1) in accused(events_of(log[:cut], log[cut:])) <= {sender(n) for n in range(1, 4)}, cut


@pytest.mark.parametrize("seed", range(60))
def test_a_log_in_any_pieces_accuses_the_same_sources(seed: int) -> None:
    chance = random.Random(seed)
    log = lines(*[guess(f"CID-{n}", sender(n), chance.choice(imitations(n)[:-1]), NOW) for n in range(1, 7)])
    cuts = sorted(chance.sample(range(len(log)), min(3, len(log))))
    pieces = [log[start:end] for start, end in zip([0, *cuts], [*cuts, len(log)], strict=True)]
    assert accused(events_of(*pieces)) == {sender(n) for n in range(1, 7)}


@pytest.mark.parametrize("kind", range(len(imitations(1))))
def test_who_is_let_in_beside_forged_names_is_accused_of_nothing(kind: int) -> None:
    log = [
        begins("CID-2", INNOCENT, "guest1", NOW),
        guess("CID-1", sender(1), imitations(1)[kind].replace("198.51.100.2", INNOCENT), NOW),
        accepted("CID-2", "guest1", NOW),
        guess("CID-3", sender(3), imitations(3)[kind], NOW),
    ]
    assert accused(events_of(lines(*log))) == {sender(1), sender(3)}


def test_a_log_that_a_busy_server_writes_late_loses_no_login_that_it_cuts() -> None:
    log = lines(*[guess(f"CID-{n}", sender(n), imitations(n)[0], NOW) for n in range(1, 4)])
    for cut in range(len(log) + 1):
        assert accused(events_of(log[:cut], log[cut:], first=NOW + 5)) == {sender(n) for n in range(1, 4)}, cut


def test_a_client_name_with_a_line_end_hides_no_login_after_it() -> None:
    client = "a\nb"
    log = [
        begins(f"CID-{n}", sender(n), "guest1", NOW, client) + fails(f"CID-{n}", sender(n), "guest1", NOW)
        for n in range(1, 9)
    ]
    assert accused(events_of(lines(*log))) == {sender(n) for n in range(1, 9)}


def test_most_changes_of_a_password_are_counted_whatever_the_name_imitates() -> None:
    name = f'x" does not exist.\n{fails("CID-7777", INNOCENT, "guest1", NOW - 1).rstrip()}\ny'
    words = f'The specified user "{name}" does not exist.'
    events = events_of(lines(*[change(f"CID-{n}", sender(1), words, NOW) for n in range(1, 7)]))
    assert {one.source for one in events} == {sender(1)}
    assert len(events) >= 3


def test_two_logins_with_the_same_name_at_once_are_two_guesses_and_no_forgery() -> None:
    log = [begins(f"CID-{n}", sender(n), "guest1", NOW) for n in (1, 2)]
    log += [fails(f"CID-{n}", sender(n), "guest1", NOW) for n in (1, 2)]
    assert [(one.source, one.kind) for one in events_of(lines(*log))] == [(sender(1), GUESS), (sender(2), GUESS)]


@pytest.mark.parametrize(
    ("end", "last"),
    [
        ('", Version: 1, Build: 1) is attempting to connect to the Virtual Hub. The auth type provided is "', ""),
        ("\n", ""),
        ("\n", f"{at(NOW - 1)} "),
    ],
)
def test_a_client_name_that_imitates_the_end_of_its_record_accuses_nobody(end: str, last: str) -> None:
    failed = fails("CID-77", INNOCENT, "guest1", NOW - 1).rstrip()
    client = f'a{end}" and the user name is "guest1".\n{failed}\n{last}'
    log = [
        begins("CID-77", INNOCENT, "guest1", NOW),
        begins("CID-1", sender(1), "guest1", NOW, client),
        fails("CID-1", sender(1), "guest1", NOW),
        accepted("CID-77", "guest1", NOW),
    ]
    assert accused(events_of(lines(*log))) == {sender(1)}


def test_a_forged_name_whose_login_was_waited_for_hides_nothing_when_it_is_over() -> None:
    log = [
        begins("CID-1", sender(1), "x\ny", NOW),
        begins("CID-2", sender(2), "guest1", NOW),
        fails("CID-1", sender(1), "x\ny", NOW),
        *[guess(f"CID-{n}", sender(n), "guest1", NOW) for n in (3, 4)],
    ]
    events = events_of(lines(*log), lines(fails("CID-2", sender(2), "guest1", NOW + 1)))
    assert [one.source for one in events] == [sender(n) for n in (1, 1, 3, 4, 2)]


def test_a_broken_client_name_hides_no_login_with_the_same_name_that_begins_meanwhile() -> None:
    begun = [begins(f"CID-{n}", sender(n), "guest1", NOW, "a\nb" if n == 1 else "c") for n in (1, 2)]
    failed = [fails(f"CID-{n}", sender(n), "guest1", NOW) for n in (1, 2)]
    assert accused(events_of(lines(*begun, *failed))) == {sender(1), sender(2)}


def test_who_fails_while_somebody_forges_a_login_with_the_same_name_forged_nothing() -> None:
    log = [
        begins("CID-1", INNOCENT, "guest1", NOW),
        begins("CID-2", sender(2), "guest1", NOW, "a\nb"),
        fails("CID-1", INNOCENT, "guest1", NOW),
        fails("CID-2", sender(2), "guest1", NOW),
    ]
    assert FORGERY not in {one.kind for one in events_of(lines(*log)) if one.source == INNOCENT}


def test_a_record_that_the_server_cut_short_lets_no_line_of_its_name_pass() -> None:
    name = f"x\n{fails('CID-77', INNOCENT, 'guest1', NOW - 1).rstrip()}\ny"
    begun, _, _ = begins("CID-1", sender(1), name, NOW, client="c" * 255).partition("Connection")
    waiting = begins("CID-77", INNOCENT, "guest1", NOW - 20)
    others = [begins(f"CID-{n}", sender(n), "a", NOW - 9) + accepted(f"CID-{n}", "a", NOW - 9) for n in range(40, 44)]
    ends = [fails("CID-1", sender(1), name, NOW), accepted("CID-77", "guest1", NOW)]
    log = lines(waiting, *others, begun + "\r\n", *ends)
    for cut in range(len(log) + 1):
        assert accused(events_of(log[:cut], log[cut:])) == {sender(1)}, cut


def scrap(chance: random.Random, number: int, of: Sequence[str]) -> str:
    """A piece of a line, or a whole one, of one of these logins."""
    name = chance.choice(of)
    source, user = chance.choice([INNOCENT, sender(number), sender(number + 1)]), chance.choice(["g", "guest1", "x"])
    then = NOW - chance.choice([1, 2, 3])
    whole = [fails(name, source, user, then), begins(name, source, user, then, "c"), accepted(name, user, then)]
    words = ["\n", "\r\n", 'x".', "x", f'x", from {source}.', '" and the user name is "x".', "\u2028", f"{at(then)} "]
    return chance.choice([*words, *(one.rstrip() for one in whole), whole[0][:110], whole[1][:120]])


def scraps(chance: random.Random, number: int, of: Sequence[str], most: int) -> str:
    """A name made of such pieces, of at most so many characters."""
    made = (scrap(chance, number, of) + chance.choice(["", "\n", "\n", "\r\n"]) for _ in range(chance.randint(1, 6)))
    return "".join(made)[:most]


def cut_short(record: str) -> str:
    """A record as the server writes it: at most 1023 characters, with a time before them."""
    return record[:-2][: 24 + 1023] + "\r\n"


def random_log(seed: int, longest: int, *own: str) -> tuple[list[list[str]], set[str]]:
    """Logins by names of random pieces, in pieces that begin with a record; and who failed. `own` are more numbers."""
    chance = random.Random(seed)
    records, guilty = [], set()
    for number in range(11, 11 + chance.randint(2, 7)):
        name, source = f"CID-{number}", sender(number)
        if chance.random() < 0.2:
            records += [begins(name, source, "fair", NOW), accepted(name, "fair", NOW)]
            continue
        of = [f"CID-{number + 1}", f"CID-{number - 1}", "CID-7777", *(one.format(number) for one in own)]
        client = scraps(chance, number, of, 255) if chance.random() < 0.3 else "OpenVPN Client"
        user = scraps(chance, number, of, longest) if chance.random() < 0.75 else "guest1"
        records += [cut_short(begins(name, source, user, NOW, client)), cut_short(fails(name, source, user, NOW))]
        guilty.add(source)
    cuts = sorted(chance.sample(range(len(records)), min(2, len(records))))
    pieces = [lines(*records[start:end]) for start, end in zip([0, *cuts], [*cuts, len(records)], strict=True)]
    return pieces, guilty


@pytest.mark.parametrize("seed", range(300))
def test_names_of_random_pieces_count_against_their_senders_alone(seed: int) -> None:
    pieces, guilty = random_log(seed, 255)
    assert accused(events_of(*pieces)) == guilty


@pytest.mark.parametrize("seed", range(300))
def test_names_that_are_cut_short_or_guess_their_own_number_accuse_nobody_else(seed: int) -> None:
    pieces, guilty = random_log(seed, 511, "CID-{}")
    assert accused(events_of(*pieces)) <= guilty
