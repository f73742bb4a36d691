"""The one error that ends a run, and the words in which the agent speaks."""

import traceback
import unicodedata

STEERING = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
"""Categories of Unicode whose characters end a line, or reorder, hide or command what shows them."""


class AgentError(Exception):
    """One sentence for the administrator: who refused or failed, why, and what to do; never with a secret in it."""


def sentence_of(error: Exception) -> str:
    """What failed, in one sentence; of an error that nobody expected its place alone: its words may have a secret."""
    if isinstance(error, AgentError):
        return str(error)
    if isinstance(error, OSError):
        return "the agent on the VPN host failed: {}; fix that and run again".format(error)
    return "the agent on the VPN host failed by a fault of its own ({} at {}): report that to its makers".format(
        type(error).__name__, place_of(error)
    )


def place_of(error: Exception) -> str:
    """The line of ours in which an error arose."""
    places = [(frame.f_code.co_filename, line) for frame, line in traceback.walk_tb(error.__traceback__)]
    ours = [place for place in places if "labvpn" in place[0]] or places
    return "{}, line {}".format(*ours[-1]) if ours else "no line"


def harmless(text: str) -> str:
    """A text of ours with strangers' words in it, for the journal and for a terminal: one line that steers nothing."""
    return "".join("?" if unicodedata.category(char) in STEERING else char for char in text)
