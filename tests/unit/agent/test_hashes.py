"""SHA-0 and the hashes that SoftEther keeps; the figures are a real server's."""

from labvpn.agent.softether.hashes import password_hash, sha0, user_hash


def test_sha0_gives_the_published_values() -> None:
    assert sha0(b"abc").hex() == "0164b8a914cd2a5e74c4f7ff082c4d97f1edf880"
    assert sha0(b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq").hex() == (
        "d2516ee1acfa5baf33dfc1c471e438449ef134c8"
    )


def test_the_empty_password_has_the_hash_of_a_fresh_server() -> None:
    assert password_hash("") == "+WzqGYrR3VYXrAhKPZLGEHcIwO8="


def test_a_hubs_password_has_the_stored_hash() -> None:
    assert password_hash("hubpw") == "AoeBVnzRY237Frs1h7No0B+7Dmo="


def test_a_users_hash_holds_the_name_in_capitals() -> None:
    assert user_hash("pw", "alice") == user_hash("pw", "ALICE") == "haraukSBf+f7MHQw3iWO4XfePMA="
    assert user_hash("pw", "bob") == "t5UWK9imKyw6IMkDSlTnQSFyWV8="


def test_a_user_with_other_letters_has_the_stored_hash() -> None:
    assert user_hash('pw"\\é', "a@b") == "2BVLUGg8AA5Ukt95qFEqREwfKt0="
