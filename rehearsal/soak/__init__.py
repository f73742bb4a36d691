"""Long tests of what the stack guarantees: each module has one guarantee and its trials, `__main__` runs them."""
