"""What a FortiGate refused in the middle of a run, in one sentence, in every form that the two providers give it."""

from __future__ import annotations

import pytest

from labvpn.plan.fortigate.error_text import PATIENCE, ended, refusal_text, waiting

SENTENCES = {
    401: "refused the token (401)",
    403: "does not let this token write (403)",
    404: "no longer has it (404): someone deleted it meanwhile",
    429: "blocks this address for a while after failed logins (429)",
}
FORMS = (
    "1 error occurred:\n\t* Error creating FirewallPolicy resource: words ({status})\n\n",
    "Error Altering FirewallPolicy Moveuence: got error with status {status}",
    "unexpected status code: {status}",
    "Error reading FirewallAddress resource: got error with status: {status}",
    'Error creating FirewallVip resource: \n{{"http_method": "POST", "status": "error", "http_status": {status}}}',
    "Error: StatusCode={status}",
    "malformed response: HTTP/1.1 {status}",
    "Error updating resource: \n<HTML><HEAD><TITLE>{status} Page</TITLE></HEAD></HTML>",
    "Error reading FirewallAddress resource: \n<html><head><title>{status} page</title></head></html>",
)


@pytest.mark.parametrize("status", SENTENCES)
@pytest.mark.parametrize("form", FORMS)
def test_each_status_has_its_sentence_in_every_form(status: int, form: str) -> None:
    said = refusal_text("box", "vpn-allow", form.format(status=status))
    assert said.startswith(f"The FortiGate box {SENTENCES[status]}, at vpn-allow; ")
    assert said.endswith("what is done stays done, so run `pulumi up` again afterwards")


@pytest.mark.parametrize("text", ["401 Unauthorized", "401 Authorization Required", "401 Not Authorized"])
def test_a_token_that_is_refused_by_a_page_is_known(text: str) -> None:
    assert "refused the token (401)" in refusal_text("box", "x", f"<body>{text}</body>")


def test_a_refusal_that_names_no_status_is_none_of_these() -> None:
    said = refusal_text("box", "x", "Internal Server Error (500)\nCli response: \nname: 404 characters, port 403")
    assert "refused it (name: 404 characters, port 403)" in said


@pytest.mark.parametrize("text", ["policy 403 was created", "address 10.0.40.1 (4010)", "status 4030", "port 429"])
def test_a_number_that_is_no_status_is_none(text: str) -> None:
    assert "did not do it" in refusal_text("box", "x", text)


def test_an_answer_that_the_provider_does_not_survive_is_named() -> None:
    said = refusal_text("box", "x", "rpc error: code = Unavailable desc = error reading from server: EOF")
    assert "gave an answer that the provider does not survive" in said


def test_the_boxs_own_words_are_repeated_where_it_gives_any() -> None:
    said = refusal_text("box", "x", "Internal Server Error (500)\nCli response: \nentry not found in datasource")
    assert "refused it (entry not found in datasource)" in said


def test_a_run_that_waits_says_how_long_and_one_that_is_ended_says_why() -> None:
    assert waiting("silent") == (
        "silent; this run waits for it, and ends if it stays silent for 30 s; what is done stays done, so run "
        "`pulumi up` again afterwards"
    )
    assert f"has not answered for {PATIENCE} s, so this run is ended" in ended("box")
    assert PATIENCE <= 30
