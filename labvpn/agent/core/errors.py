"""The one error that ends a run, and the words in which the agent speaks."""

import unicodedata

STEERING = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
"""Categories of Unicode whose characters end a line, or reorder, hide or command what shows them."""


class AgentError(Exception):
    """One sentence for the administrator: who refused or failed, why, and what to do; never with a secret in it."""


def harmless(text: str) -> str:
    """A text of ours with strangers' words in it, for the journal and for a terminal: one line that steers nothing."""
    return "".join("?" if unicodedata.category(char) in STEERING else char for char in text)
