"""SHA-0 and the hashes that SoftEther keeps; the figures are a real server's."""

from hypothesis import given
from hypothesis import strategies as st

from labvpn.agent.softether.hashes import AT_ONCE, password_hash, sha0, sha0_each, user_hash, user_hashes


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


@given(st.lists(st.binary(max_size=200), max_size=12))
def test_many_messages_have_the_hashes_that_each_has_alone(messages: list[bytes]) -> None:
    assert sha0_each(messages) == [sha0(one) for one in messages]


def test_more_messages_than_are_hashed_at_once_keep_their_places() -> None:
    passwords = {f"LAB/user{number}": f"pass {number}" for number in range(AT_ONCE + 5)}
    found = user_hashes(passwords)
    assert list(found) == list(passwords)
    for name in ("LAB/user0", f"LAB/user{AT_ONCE - 1}", f"LAB/user{AT_ONCE}", f"LAB/user{AT_ONCE + 4}"):
        assert found[name] == user_hash(passwords[name], name.partition("/")[2])


def test_users_of_equal_passwords_and_names_in_two_hubs_have_the_same_hash() -> None:
    assert len(set(user_hashes({"LAB/alice": "pw", "OWNER/ALICE": "pw"}).values())) == 1
    assert user_hashes({}) == {}
