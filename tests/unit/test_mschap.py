"""MS-CHAPv2 as the dial and the L2TP client of the tests compute it, against the examples of the standards."""

from __future__ import annotations

from labvpn.dial.wire.mschap import des, md4, proof, response

USER, PASSWORD = "User", "clientPass"
CHALLENGE = bytes.fromhex("5B5D7C7D7B3F2F3E3C2C602132262628")
OWN = bytes.fromhex("21402324255E262A28295F2B3A337C7E")


def test_md4_is_that_of_its_standard() -> None:
    assert md4(b"").hex() == "31d6cfe0d16ae931b73c59d7e0c089c0"
    assert md4(b"1234567890" * 8).hex() == "e33b4ddc9c38f2199c3e7b164fcc0536"


def test_des_is_that_of_its_standard() -> None:
    # 133457799BBCDFF1 without its parity bits.
    key = bytes.fromhex("133457799BBCDFF1")
    seven = int("".join(f"{byte >> 1:07b}" for byte in key), 2).to_bytes(7, "big")
    assert des(bytes.fromhex("0123456789ABCDEF"), seven).hex() == "85e813540f0ab405"


def test_the_answer_and_the_servers_proof_are_those_of_the_standards_example() -> None:
    assert response(USER, PASSWORD, CHALLENGE, OWN).hex().upper() == "82309ECD8D708B5EA08FAA3981CD83544233114A3D85D6DF"
    assert proof(USER, PASSWORD, CHALLENGE, OWN) == "S=407A5589115FD0D6209F510FE9C04566932CDA56"
