"""The stack's decrypted configuration, which Pulumi's language host hands to the program in its environment."""

from __future__ import annotations

import os

from pulumi import runtime

VARIABLES = ("PULUMI_CONFIG", "PULUMI_CONFIG_SECRET_KEYS")


def keep_from_children() -> None:
    """Read the configuration and take it out of the environment, which every program that is started would inherit."""
    if VARIABLES[0] in os.environ:
        runtime.set_all_config(runtime.get_config_env(), runtime.get_config_secret_keys_env())
    for name in VARIABLES:
        os.environ.pop(name, None)
