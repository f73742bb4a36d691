"""Which package of Fortinet's provider fits which FortiOS, and why."""

from __future__ import annotations

import pytest

from labvpn.model.fortios_provider import Provider
from labvpn.plan.fortigate.providers import fit, refuses_tokens_in_addresses


@pytest.mark.parametrize(
    ("version", "upstream", "pulumiverse"),
    [
        ("v7.0.17", False, True),
        ("v7.2.11", True, True),
        ("v7.4.4", True, True),
        ("v7.4.5", True, False),
        ("v7.6.7", True, False),
        ("v7.6.8", False, False),
        ("v8.0.0", True, False),
        ("v8.0.1", False, False),
        ("", False, False),
    ],
)
def test_a_version_that_was_not_tried_does_not_fit(version: str, upstream: bool, pulumiverse: bool) -> None:
    assert fit(Provider.UPSTREAM, version).fits == upstream
    assert fit(Provider.PULUMIVERSE, version).fits == pulumiverse


def test_the_sentence_names_the_version_the_provider_and_why() -> None:
    assert fit(Provider.UPSTREAM, "v7.4.8").sentence == (
        "FortiOS 7.4.8: the provider upstream (1.25.0) fits, since it is made for 7.0.18 to 7.6.7 and 8.0.0, and sends "
        "the token in a header"
    )
    assert fit(Provider.PULUMIVERSE, "v7.4.8").sentence == (
        "FortiOS 7.4.8: the provider pulumiverse (0.0.6) is made for FortiOS up to 7.4.4 and sends the token in the "
        "address of each request; upstream fits: `labvpn fortigate-provider upstream` moves over"
    )
    assert "8.1.0" in fit(Provider.UPSTREAM, "v8.1.0,build9999").sentence
    assert "which FortiOS it runs" in fit(Provider.UPSTREAM, "").sentence


@pytest.mark.parametrize(
    ("version", "refuses"),
    [("v7.2.11", False), ("v7.4.4", False), ("v7.4.5", True), ("v7.6.0", False), ("v7.6.1", True), ("v8.0.0", True)],
)
def test_the_versions_that_refuse_a_token_in_an_address_are_known(version: str, refuses: bool) -> None:
    assert refuses_tokens_in_addresses(version) == refuses
