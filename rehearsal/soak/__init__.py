"""The promises of the stack, tried hard: each module has one promise and its trials, `__main__` runs them."""
