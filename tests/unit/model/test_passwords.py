"""Secrets that are ours to choose, and what is derived from them."""

from __future__ import annotations

import secrets
import time

import pytest

from labvpn.model.passwords import STRONG, derive, new_secret, strength

SECRET = "k7wd-h3mq-xn2r-p9tz-vb4c-ys6j-fg8a"


def test_the_passwords_of_stacks_from_before_are_as_they_were() -> None:
    assert derive(SECRET, "guest1", 0) == derive(SECRET, "GUEST1", 0, version=1) == "3b6v26djmigqladihcl5"


def test_a_guess_at_the_secret_costs_what_scrypt_costs() -> None:
    began = time.process_time()
    first = derive(SECRET[::-1], "guest1", 0, version=2)
    spent = time.process_time() - began
    assert spent > 0.05  # 60,000 guesses a second were found at version 1
    assert first != derive(SECRET[::-1], "guest1", 0, version=1)


def test_ten_thousand_users_cost_one_stretching() -> None:
    derive(SECRET, "guest1", 0, version=2)
    began = time.process_time()
    assert len({derive(SECRET, f"user{number}", 0, version=2) for number in range(10_000)}) == 10_000
    assert time.process_time() - began < 2


def test_a_stretched_password_changes_with_the_rotation_the_user_and_the_secret() -> None:
    made = {derive(SECRET, name, rotation, 2) for name in ("guest", "owner") for rotation in (0, 1)}
    assert len({*made, derive(SECRET[1:], "guest", 0, 2)}) == 5
    assert derive(SECRET, "guest", 0, 2) == derive(SECRET, "GUEST", 0, 2)


def test_a_key_that_cannot_be_made_fails_whoever_asks_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_given: object, **_options: object) -> bytes:
        raise ValueError("memory limit exceeded")

    monkeypatch.setattr("hashlib.scrypt", refuse)
    with pytest.raises(ValueError, match="memory limit"):
        derive(f"{SECRET}-of-no-other-test", "guest", 0, 2)


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "password",
        "labvpn-secret-2026",
        "MySecretForTheLab2026!",
        "correct horse battery staple",
        "a" * 40,
        "ab" * 30,
        "0123456789" * 5,
        "0123456789abcdef" * 4,
        "deadbeefdeadbeefdeadbeefdeadbeef",
        "secret-secret-secret-secret-secret-secret-secret-secret",
        "ぱすわーど" * 8,
        "1q2w3e4r5t6y7u8i9o0p",
        "1qaz2wsx3edc4rfv5tgb",
        "ZAQ!2wsxCDE34rfvbgt56yhn",
        "!qaz2wsx#edc4rfv%tgb",
        "A1b2C3d4E5f6G7h8I9j0",
        "00112233445566778899aabbccddeeff",
        "000102030405060708090A0B0C0D0E0F",
        "0f1e2d3c4b5a69788796a5b4c3d2e1f0",
        "fedcba987654321000112233",
        "mnbvcxzlkjhgfdsapoiuytrewq",
        "2B7E151628AED2A6ABF7158809CF4F3C",
    ],
)
def test_what_somebody_typed_counts_as_weak(typed: str) -> None:
    assert strength(typed) < STRONG


@pytest.mark.parametrize("number", range(20))
def test_what_a_random_source_made_counts_as_strong(number: int) -> None:
    for made in (new_secret(), secrets.token_urlsafe(32), secrets.token_hex(32), secrets.token_hex(16)):
        assert strength(made) >= STRONG, made
