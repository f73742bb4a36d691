"""The one error that ends a run."""


class AgentError(Exception):
    """One sentence for the administrator: who refused or failed, why, and what to do; never with a secret in it."""
